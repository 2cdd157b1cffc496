using Vla.Actors.Chunks;
using Vla.Sensors;

namespace Vla.Actors.Policies;

/// <summary>What the numbers of a policy's action mean.</summary>
/// <param name="Names">Dimension names in order: <c>x</c>, <c>y</c>, … <c>gripper</c>.</param>
/// <param name="Units">A unit for each dimension: <c>m</c>, <c>rad</c>, <c>1</c>.</param>
/// <param name="Mean">Added after scaling: physical = normalised × std + mean.</param>
/// <param name="Std">Scale for each dimension.</param>
/// <param name="Horizon">Actions in a chunk; 1 for a policy that gives single actions.</param>
/// <param name="StepMs">Time from one action of a chunk to the next, milliseconds.</param>
public sealed record ActionSpec(
    IReadOnlyList<string> Names,
    IReadOnlyList<string> Units,
    IReadOnlyList<float> Mean,
    IReadOnlyList<float> Std,
    int Horizon,
    double StepMs
)
{
    /// <summary>How many numbers an action has.</summary>
    public int Dimensions => Names.Count;

    /// <summary><see cref="StepMs"/> in nanoseconds.</summary>
    internal long StepNs => (long)(StepMs * MonotonicTime.NsPerMs);

    /// <summary>How chunks are carried out.</summary>
    public ChunkExecution Execution { get; init; } = ChunkExecution.Freshest;

    /// <summary>Normalised model output, [horizon × dimensions] row by row, to physical units, in place.</summary>
    /// <remarks>
    /// An either/or dimension becomes mean − std or mean + std, whichever is on its side of the mean.
    /// </remarks>
    public void Unnormalise(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var dimension = i % Dimensions;
            values[i] = values[i] * Std[dimension] + Mean[dimension];
        }

        for (var i = 0; i < Execution.Binary.Count; i++)
            Decide(values, Execution.Binary[i]);
    }

    private void Decide(Span<float> values, int dimension)
    {
        var (mean, std) = (Mean[dimension], Std[dimension]);
        for (var i = dimension; i < values.Length; i += Dimensions)
        {
            // What is no number stays as it is, for the publisher to refuse.
            if (float.IsFinite(values[i]))
                values[i] = values[i] < mean ? mean - std : mean + std;
        }
    }
}
