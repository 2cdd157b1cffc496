using Vla.Actors.Control;
using Vla.Actors.Pipeline;

namespace Vla.Actors.Robots;

/// <summary>The rung of the safety ladder an action was published from.</summary>
public enum ControlState
{
    /// <summary>A fresh, checked action of the policy.</summary>
    Policy,

    /// <summary>No fresh action: the robot keeps its pose (velocities and deltas are zero, positions repeat).</summary>
    Hold,

    /// <summary>The robot is told to stop.</summary>
    Stop,
}

/// <summary>One action as it left the control loop. Immutable: outputs on other threads may keep it.</summary>
public sealed record PublishedAction
{
    /// <summary>Counts published actions from 1, without gaps.</summary>
    public required long Sequence { get; init; }

    /// <summary>The rung of the ladder that it was published from.</summary>
    public required ControlState State { get; init; }

    /// <summary>Why the state is what it is, a short sentence; empty for <see cref="ControlState.Policy"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>Values after limits, one per dimension of the robot profile, in its units.</summary>
    public required ActionValues Values { get; init; }

    /// <summary>
    /// What was wanted, before limits; where no limit changed it, and in hold and stop, the same as
    /// <see cref="Values"/>.
    /// </summary>
    public ActionValues Wanted
    {
        get => field ?? Values;
        init;
    }

    /// <summary>
    /// Bit i is set while nothing is known of where the robot is in dimension i: its value means nothing. Only outputs
    /// that do not move anything (<see cref="IActionOutput.Moves"/>) are told such an action.
    /// </summary>
    public ulong Unknown { get; init; }

    /// <summary>
    /// Bit i is set when a limit changed what the policy wanted for dimension i. Never set in hold and stop: what a
    /// limit slows down there is not the policy's wish.
    /// </summary>
    public required ulong Clamped { get; init; }

    /// <summary>
    /// The frame and instruction of the newest policy action published; default (<see cref="Origin.CapturedNs"/> is 0)
    /// before there was one.
    /// </summary>
    public required Origin Origin { get; init; }

    /// <summary>
    /// Which of the actions of its chunk it is: 0 for the one that was wanted at the moment of the pictures. 0 in hold
    /// and stop.
    /// </summary>
    public int Row { get; init; }

    /// <summary>When this action was published, monotonic nanoseconds.</summary>
    public required long PublishedNs { get; init; }

    /// <summary>
    /// When no further message comes for so long, the robot is to stop by itself, milliseconds: a controller that was
    /// killed can say nothing any more.
    /// </summary>
    public int DeadmanMs { get; init; } = ControlOptions.ShortestDeadmanMs;

    /// <summary>
    /// Age of the observation behind the values at publishing, nanoseconds; null before the first policy action.
    /// </summary>
    public long? AgeNs => Origin.CapturedNs == 0 ? null : PublishedNs - Origin.CapturedNs;

    /// <summary>
    /// That age when the action, or the chunk it belongs to, was put in force, nanoseconds; null before the first
    /// policy action. <see cref="ControlOptions.MaximumActionAgeMs"/> at most.
    /// </summary>
    public long? ArrivalAgeNs { get; init; }

    /// <summary>
    /// How old the observation behind the newest policy action may grow while it is followed, nanoseconds; null before
    /// the first policy action.
    /// </summary>
    public long? AgeLimitNs { get; init; }

    /// <summary>The same action in memory of its own, for code that might write into it all the same.</summary>
    internal PublishedAction Copy() => this with { Values = ActionValues.Create(Values.AsSpan()) };
}
