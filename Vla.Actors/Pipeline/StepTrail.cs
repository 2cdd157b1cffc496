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
/// age of what came of them. A trail and those that continue it are one array as far as they agree: the first to
/// continue a trail writes behind its end, where nobody looks who has the shorter one; a second one copies.
/// </remarks>
public readonly struct StepTrail : IReadOnlyList<StepTimes>, IEquatable<StepTrail>
{
    /// <summary>The step that comes before every policy's: resizing and normalising the picture.</summary>
    public const string Prepare = "prepare";

    /// <summary>Room from the start: as many steps as a staged policy's picture has.</summary>
    private const int Room = 4;

    private readonly Place[]? _places;

    private StepTrail(Place[] places, int count) => (_places, Count) = (places, count);

    /// <summary>Nothing done yet.</summary>
    public static StepTrail Empty => default;

    /// <summary>How many steps there are.</summary>
    public int Count { get; }

    /// <summary>A step, in the order in which they were taken.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    public StepTimes this[int index] =>
        (uint)index < (uint)Count ? _places![index].Times : throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>What all steps took together, without the waiting between them, nanoseconds.</summary>
    public long WorkNs
    {
        get
        {
            var sum = 0L;
            for (var i = 0; i < Count; i++)
                sum += this[i].DurationNs;
            return sum;
        }
    }

    /// <summary>A trail that begins with a step.</summary>
    public static StepTrail Of(string step, long startedNs, long finishedNs) => Empty.With(step, startedNs, finishedNs);

    /// <summary>These steps and one more.</summary>
    public StepTrail With(string step, long startedNs, long finishedNs)
    {
        var places = _places;
        if (places is null || Count == places.Length || !places[Count].Take(step))
        {
            places = new Place[Math.Max(Room, 2 * Count)];
            Array.Copy(_places ?? [], places, Count);
            places[Count].Take(step);
        }

        places[Count].Set(startedNs, finishedNs);
        return new StepTrail(places, Count + 1);
    }

    /// <summary>The step of a name; all zero where it was not done.</summary>
    public StepTimes Find(string name)
    {
        for (var i = 0; i < Count; i++)
        {
            if (this[i].Step == name)
                return this[i];
        }

        return new StepTimes(name, 0, 0);
    }

    /// <inheritdoc/>
    public IEnumerator<StepTimes> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(StepTrail other) => this.SequenceEqual(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StepTrail other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Count == 0 ? 0 : HashCode.Combine(Count, this[^1]);

    /// <summary>Whether they are the same steps at the same times.</summary>
    public static bool operator ==(StepTrail left, StepTrail right) => left.Equals(right);

    /// <summary>Whether they are not.</summary>
    public static bool operator !=(StepTrail left, StepTrail right) => !left.Equals(right);

    /// <summary>A place for one step, taken once.</summary>
    private struct Place
    {
        private string? _step;
        private long _startedNs;
        private long _finishedNs;

        /// <summary>The step in it.</summary>
        public readonly StepTimes Times => new(_step!, _startedNs, _finishedNs);

        /// <returns>False where it was somebody else's already.</returns>
        public bool Take(string step) => Interlocked.CompareExchange(ref _step, step, null) is null;

        /// <summary>Says when its step was taken: by whoever took it, before anybody else knows of it.</summary>
        public void Set(long startedNs, long finishedNs) => (_startedNs, _finishedNs) = (startedNs, finishedNs);
    }
}
