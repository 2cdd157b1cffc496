namespace Vla.Actors.Policies;

/// <summary>
/// What the numbers of the robot's state mean to a policy: what the robot feels of itself (proprioception).
/// </summary>
/// <param name="Names">Dimension names in order: <c>x</c>, <c>y</c>, … <c>jaw</c>.</param>
/// <param name="Units">A unit for each dimension: <c>m</c>, <c>rad</c>, <c>1</c>.</param>
/// <param name="Mean">Subtracted before scaling: normalised = (physical − mean) / std.</param>
/// <param name="Std">Scale for each dimension.</param>
public sealed record StateSpec(
    IReadOnlyList<string> Names,
    IReadOnlyList<string> Units,
    IReadOnlyList<float> Mean,
    IReadOnlyList<float> Std
)
{
    internal const int MaximumDimensions = 64;

    /// <summary>A policy that takes no state.</summary>
    public static StateSpec None { get; } = new([], [], [], []);

    /// <summary>How many numbers a state has.</summary>
    public int Dimensions => Names.Count;

    /// <summary>Physical units to what the model wants, row by row, in place.</summary>
    public void Normalise(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var dimension = i % Dimensions;
            values[i] = (values[i] - Mean[dimension]) / Std[dimension];
        }
    }
}
