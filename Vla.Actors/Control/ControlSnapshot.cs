using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;

namespace Vla.Actors.Control;

/// <summary>What the control loop has done so far, for status and logs.</summary>
public sealed record ControlSnapshot
{
    public required ControlState State { get; init; }

    public required string Reason { get; init; }

    /// <summary>The newest action; null before the first tick.</summary>
    public required PublishedAction? Last { get; init; }

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

    public required IReadOnlyList<OutputSnapshot> Outputs { get; init; }

    /// <summary>The robots that have not taken the present stop, 0.1 s after it began or later; empty while there is none.</summary>
    public required IReadOnlyList<OutputSnapshot> NotStopped { get; init; }

    public long RefusedFor(Refusal reason) => Refused[(int)reason];

    public long PublishedFrom(ControlState state) => PublishedByState[(int)state];
}

/// <summary>How one output is doing.</summary>
/// <param name="Name">The robot's name.</param>
/// <param name="Applied">Actions it took.</param>
/// <param name="Failures">Actions it threw at, or took too long for.</param>
/// <param name="Dropped">Actions it never saw: replaced by newer ones, or passed over after a failure.</param>
/// <param name="Failing">Whether its last attempt failed or took too long, or the present one has not come back in time.</param>
/// <param name="LastError">The newest error in words; empty when there was none.</param>
/// <param name="Finished">Whether it has taken the run's last message, or failed at it, and was closed.</param>
public sealed record OutputSnapshot(
    string Name, long Applied, long Failures, long Dropped, bool Failing, string LastError, bool Finished)
{
    /// <summary>False for one that only shows or keeps what is published.</summary>
    public bool Moves { get; init; } = true;

    /// <summary>Sequence of the newest action it took; 0 before.</summary>
    public long NewestTaken { get; init; }

    /// <summary>What is unusual though it works, in words: it is slower than its rate, or held up the control thread; otherwise empty.</summary>
    public string Note { get; init; } = "";

    /// <summary>Why it has not taken an action, in words.</summary>
    public string WhyNotTaken => Failing ? LastError : "it has not come to it yet";
}
