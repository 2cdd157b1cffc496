using System.Collections;

namespace Vla.Actors.Pipeline;

/// <summary>When one step of the way from a picture to an action was begun and finished.</summary>
/// <param name="Step">The step's name, as its policy calls it: <c>encode</c>.</param>
/// <param name="StartedNs">Monotonic nanoseconds.</param>
/// <param name="FinishedNs">Monotonic nanoseconds, not before <paramref name="StartedNs"/>.</param>
public readonly record struct StepTimes(string Step, long StartedNs, long FinishedNs)
{
    /// <summary>How long it took, nanoseconds.</summary>
    public long DurationNs => FinishedNs - StartedNs;
}

/// <summary>The steps that were done so far, in their order: a list that never changes.</summary>
/// <remarks>
/// Each policy names its own steps. What lies between two of them is waiting, so that steps and waits together are the
/// age of what came of them.
/// </remarks>
public readonly struct StepTrail : IReadOnlyList<StepTimes>, IEquatable<StepTrail>
{
    /// <summary>The step that comes before every policy's: resizing and normalising the picture.</summary>
    public const string Prepare = "prepare";

    private readonly StepTimes[]? _steps;

    private StepTrail(StepTimes[] steps) => _steps = steps;

    /// <summary>Nothing done yet.</summary>
    public static StepTrail Empty => default;

    /// <summary>How many steps there are.</summary>
    public int Count => _steps?.Length ?? 0;

    /// <summary>A step, in the order in which they were taken.</summary>
    public StepTimes this[int index] =>
        _steps is null ? throw new ArgumentOutOfRangeException(nameof(index)) : _steps[index];

    /// <summary>What all steps took together, without the waiting between them, nanoseconds.</summary>
    public long WorkNs
    {
        get
        {
            var sum = 0L;
            foreach (var step in Steps)
                sum += step.DurationNs;
            return sum;
        }
    }

    private ReadOnlySpan<StepTimes> Steps => _steps;

    /// <summary>A trail that begins with a step.</summary>
    public static StepTrail Of(string step, long startedNs, long finishedNs) => Empty.With(step, startedNs, finishedNs);

    /// <summary>These steps and one more.</summary>
    public StepTrail With(string step, long startedNs, long finishedNs) =>
        new([.. Steps, new StepTimes(step, startedNs, finishedNs)]);

    /// <summary>The step of a name; all zero where it was not done.</summary>
    public StepTimes Find(string name)
    {
        foreach (var step in Steps)
        {
            if (step.Step == name)
                return step;
        }

        return new StepTimes(name, 0, 0);
    }

    /// <inheritdoc/>
    public IEnumerator<StepTimes> GetEnumerator() => ((IEnumerable<StepTimes>)(_steps ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(StepTrail other) => Steps.SequenceEqual(other.Steps);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StepTrail other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Count == 0 ? 0 : HashCode.Combine(Count, this[^1]);

    /// <summary>Whether they are the same steps at the same times.</summary>
    public static bool operator ==(StepTrail left, StepTrail right) => left.Equals(right);

    /// <summary>Whether they are not.</summary>
    public static bool operator !=(StepTrail left, StepTrail right) => !left.Equals(right);
}
