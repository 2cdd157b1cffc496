namespace Vla.Actors.Publishing;

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

    public required ControlState State { get; init; }

    /// <summary>Why the state is what it is, a short sentence; empty for <see cref="ControlState.Policy"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>Values after limits, one per dimension of the robot profile, in its units.</summary>
    public required float[] Values { get; init; }

    /// <summary>Bit i is set when dimension i was clamped by a limit.</summary>
    public required ulong Clamped { get; init; }

    /// <summary>The frame and instruction behind the values; default for hold and stop without a policy action before.</summary>
    public required Origin Origin { get; init; }

    /// <summary>When this action was published, monotonic nanoseconds.</summary>
    public required long PublishedNs { get; init; }
}
