using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Actors.Stages;
using Vla.Runtime.Status;

namespace Vla.Runtime.Pages;

/// <summary>What the page shows of the moment: taken five times a second, once for all viewers.</summary>
internal sealed record LiveSnapshot
{
    public required ControlState State { get; init; }

    /// <summary>Why; empty while the policy drives.</summary>
    public required string Reason { get; init; }

    /// <summary>While the state is stop: one line for each robot that has not taken it.</summary>
    public required IReadOnlyList<string> NotStopped { get; init; }

    /// <summary>The newest action's values in the robot's units; null before the first tick.</summary>
    public required IReadOnlyList<float>? Values { get; init; }

    /// <summary>Bit i is set while it is not known where the robot is in dimension i.</summary>
    public required ulong Unknown { get; init; }

    /// <summary>How old the picture behind the newest action is, and may be.</summary>
    public required string Age { get; init; }

    /// <summary>For each dimension, whether a limit changed what the policy wanted in the last second.</summary>
    public required IReadOnlyList<bool> Clamped { get; init; }

    /// <summary>For each dimension, its last 30 s as an SVG path.</summary>
    public required IReadOnlyList<string> Lines { get; init; }

    /// <summary>For each dimension, what bar and line span.</summary>
    public required IReadOnlyList<(float Low, float High)> Ranges { get; init; }

    /// <summary>Those given so far, the newest first.</summary>
    public required IReadOnlyList<GivenInstruction> Instructions { get; init; }

    public required SlowSnapshot Slow { get; init; }
}

/// <summary>What is read once a second: figures nobody could read faster.</summary>
internal sealed record SlowSnapshot
{
    public required StatusReport Status { get; init; }

    /// <summary>One line each, for what is wrong or unusual.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>What the policy makes of the pictures, in words; empty while it gives nothing.</summary>
    public required string Flow { get; init; }

    /// <summary>The newest instruction that an action was made with; null before the first.</summary>
    public required FirstAction? FirstAction { get; init; }

    public required LatencyBins CaptureToPublish { get; init; }

    public required LatencyBins TickLateness { get; init; }

    /// <summary>What the stages' results look like, for those that show them.</summary>
    public required IReadOnlyList<StageFeatures> Features { get; init; }

    /// <summary>The policy's steps, in the order of <see cref="StatusReport.Stages"/>.</summary>
    public required IReadOnlyList<PolicyStep> Steps { get; init; }
}

/// <summary>What a stage's results look like.</summary>
/// <param name="Title">What they are called.</param>
/// <param name="Newest">Null before the first.</param>
internal sealed record StageFeatures(string Title, FeatureHistogram? Newest);
