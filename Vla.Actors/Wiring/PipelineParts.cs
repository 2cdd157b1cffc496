using Akka.Actor;
using Microsoft.Extensions.Logging;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Sensors.Cameras;
using static TorchSharp.torch;

namespace Vla.Actors.Wiring;

/// <summary>What the Torch stages are made of, wherever their pictures come from and their actions go to.</summary>
public record StageParts
{
    public required Policy Policy { get; init; }

    /// <summary>What the stages run, where that is not simply the policy's modules: stand-ins, or watched ones.</summary>
    public PolicyModules? Modules { get; init; }

    public required Device Device { get; init; }

    /// <summary>The robot's state, for policies that take it; null when the robot gives none: they then get the average.</summary>
    public IRobotState? RobotState { get; init; }

    public required PipelineMonitors Monitors { get; init; }

    public required StageThreads Threads { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    /// <summary>Whose thread stages with little to do run on, in the pipeline made of this.</summary>
    internal HomeThread Home { get; } = new();
}

/// <summary>What the pipeline is made of: its stages, and what is before and behind them.</summary>
public sealed record PipelineParts : StageParts
{
    /// <summary>Opens the camera; called again after every loss.</summary>
    public required Func<ICamera> OpenCamera { get; init; }

    public required FramePool Frames { get; init; }

    public required InstructionBoard Instructions { get; init; }

    public required ControlLoop Control { get; init; }

    /// <summary>What a simulated world says of words that are about it; null without one.</summary>
    public Func<string, SceneAnswer>? Scene { get; init; }

    /// <summary>What is asked of every instruction.</summary>
    public InstructionCheck CheckInstructions() =>
        new() { Words = Policy.ReadWords, Scene = Scene, Stop = Control.Stop, NeedsResume = () => Control.NeedsResume };
}

/// <summary>Threads that work on one input of each stage, Torch's or a module's own; together within the machine's cores.</summary>
public sealed record StageThreads(int Vision, int Language, int Fusion, int Decoder);

/// <summary>The Torch stages once they are started; whoever wants actions asks the decoder.</summary>
public sealed record PipelineStages(IActorRef Vision, IActorRef Language, IActorRef Fusion, IActorRef Decoder);
