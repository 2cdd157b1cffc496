using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Actors.Wiring;
using Vla.Sensors.Cameras;
using static TorchSharp.torch;

namespace Vla.Runtime.Composition;

/// <summary>
/// What a controller is put together from: all that a daemon, an evaluation, a measurement or a test may want
/// different.
/// </summary>
internal sealed record ControllerParts
{
    public required IPolicy Policy { get; init; }

    /// <summary>Where Torch computes.</summary>
    public required Device Device { get; init; }

    /// <summary>Dimensions and limits of the robot.</summary>
    public required RobotProfile Profile { get; init; }

    public ControlOptions Control { get; init; } = new();

    /// <summary>Where actions go; the controller disposes them.</summary>
    public IReadOnlyList<IActionOutput> Outputs { get; init; } = [];

    /// <summary>In the order in which the policy wants their pictures.</summary>
    public required IReadOnlyList<CameraParts> Cameras { get; init; }

    /// <summary>By how much a picture may be older than the newest of its set, nanoseconds.</summary>
    public long MaximumSkewNs { get; init; } = PipelineParts.DefaultMaximumSkewNs;

    public required InstructionBoard Instructions { get; init; }

    /// <summary>What a simulated world says of words that are about it; null without one.</summary>
    public Func<string, SceneAnswer>? Scene { get; init; }

    /// <summary>
    /// The robot among the outputs from whose place the control loop starts, and whose loss holds it; null without one.
    /// </summary>
    public RobotConnection? Robot { get; init; }

    /// <summary>Tells where the robot is; null for a robot that does not. Not disposed by the controller.</summary>
    public RobotStateReader? State { get; init; }

    /// <summary>Whether nobody may move while the state is not known.</summary>
    public bool PolicyTakesState { get; init; }

    /// <summary>The robot's state as the policy takes it; null when the robot gives none.</summary>
    public IRobotState? PolicyState { get; init; }

    public required StageThreads Threads { get; init; }

    /// <summary>What runs where.</summary>
    public StageScheduling Scheduling { get; init; } = StageScheduling.Tuned();

    /// <summary>The one clock of all of it.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// The control loop's clock, where it is not simply <see cref="Time"/>'s: one that is watched, say.
    /// </summary>
    public IControlClock? Clock { get; init; }

    /// <summary>Made for the policy's steps; made here when left out.</summary>
    public PipelineMonitors? Monitors { get; init; }

    /// <summary>What is put around the parts.</summary>
    public ControllerWraps Wraps { get; init; } = new();
}

/// <summary>
/// Places to put something around a controller's parts: faults on purpose, a replay, a record of what went through.
/// </summary>
internal sealed record ControllerWraps
{
    /// <summary>Given each camera's name, and the camera when it has been opened.</summary>
    public Func<string, ICamera, ICamera> Camera { get; init; } = (_, camera) => camera;

    /// <summary>Given the policy before it is started.</summary>
    public Func<IPolicy, IPolicy> Policy { get; init; } = policy => policy;

    /// <summary>Given each robot and output.</summary>
    public Func<IActionOutput, IActionOutput> Output { get; init; } = output => output;
}
