using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;

namespace Vla.Actors.Control;

/// <summary>What the control loop has done so far, for status and logs.</summary>
public sealed record ControlSnapshot
{
    /// <summary>The rung of the ladder that the newest action was published from.</summary>
    public required ControlState State { get; init; }

    /// <summary>Why it is not the policy's; empty where it is.</summary>
    public required string Reason { get; init; }

    /// <summary>The newest action; null before the first tick.</summary>
    public required PublishedAction? Last { get; init; }

    /// <summary>Actions published so far.</summary>
    public required long Published { get; init; }

    /// <summary>Actions published from each state, in the order of <see cref="ControlState"/>.</summary>
    public required IReadOnlyList<long> PublishedByState { get; init; }

    /// <summary>Why the robot was stopped last; empty when it was not.</summary>
    public required string LastStop { get; init; }

    /// <summary>Chunks offered.</summary>
    public required long Offered { get; init; }

    /// <summary>Chunks replaced by a newer one before a tick took them.</summary>
    public required long Replaced { get; init; }

    /// <summary>How many actions of the chunks were published.</summary>
    public required ChunkCounts Chunks { get; init; }

    /// <summary>Chunks refused, in the order of <see cref="Refusal"/>.</summary>
    public required IReadOnlyList<long> Refused { get; init; }

    /// <summary>The newest refusal in words; empty when there was none.</summary>
    public required string LastRefusal { get; init; }

    /// <summary>That actions come too slowly again and again, with the mend; empty while they do not.</summary>
    public required string TooSlow { get; init; }

    /// <summary>Clamped values, in the order of the profile's dimensions.</summary>
    public required IReadOnlyList<long> Clamps { get; init; }

    /// <summary>False when the profile switches limits off.</summary>
    public required bool LimitsEnabled { get; init; }

    /// <summary>Periods without a tick.</summary>
    public required long SkippedTicks { get; init; }

    /// <summary>How late ticks are.</summary>
    public required LatencyPercentiles TickLateness { get; init; }

    /// <summary>Ticks that failed inside the loop; each published a stop.</summary>
    public required long Faults { get; init; }

    /// <summary>The newest such failure; empty when there was none.</summary>
    public required string LastFault { get; init; }

    /// <summary>How often the loop was away for longer than a tick may be late.</summary>
    public required int Absences { get; init; }

    /// <summary>The newest absence in words; empty when there was none.</summary>
    public required string LastAbsence { get; init; }

    /// <summary>How often what the policy wanted was at or far beyond its limits for too long.</summary>
    public required int LimitFaults { get; init; }

    /// <summary>The newest of these in words; empty when there was none.</summary>
    public required string LastLimitFault { get; init; }

    /// <summary>True while the robot is stopped until somebody resumes it: a fresh action does not end that.</summary>
    public required bool NeedsResume { get; init; }

    /// <summary>What scheduling the control thread was granted; empty before it started.</summary>
    public required string Scheduling { get; init; }

    /// <summary>Age of the newest policy action's observation now, nanoseconds; null before there was one.</summary>
    public required long? ActionAgeNs { get; init; }

    /// <summary>Each output, and how it keeps up.</summary>
    public required IReadOnlyList<OutputSnapshot> Outputs { get; init; }

    /// <summary>
    /// The robots that have not taken the present stop, 0.1 s after it began or later; empty while there is none.
    /// </summary>
    public required IReadOnlyList<OutputSnapshot> NotStopped { get; init; }

    /// <summary>Actions that were refused for this reason.</summary>
    public long RefusedFor(Refusal reason) => Refused[(int)reason];

    /// <summary>Actions published from this rung.</summary>
    public long PublishedFrom(ControlState state) => PublishedByState[(int)state];
}
