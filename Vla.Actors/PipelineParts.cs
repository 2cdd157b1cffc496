using Microsoft.Extensions.Logging;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Publishing;
using Vla.Sensors.Cameras;
using static TorchSharp.torch;

namespace Vla.Actors;

/// <summary>What the pipeline is made of.</summary>
public sealed record PipelineParts
{
    public required Policy Policy { get; init; }

    /// <summary>What the stages run, where that is not simply the policy's modules: stand-ins, or watched ones.</summary>
    public PolicyModules? Modules { get; init; }

    public required Device Device { get; init; }

    /// <summary>Opens the camera; called again after every loss.</summary>
    public required Func<ICamera> OpenCamera { get; init; }

    public required FramePool Frames { get; init; }

    /// <summary>The robot's state, for policies that take it; null when the robot gives none: they then get the average.</summary>
    public IRobotState? RobotState { get; init; }

    public required InstructionBoard Instructions { get; init; }

    public required ControlLoop Control { get; init; }

    public required PipelineMonitors Monitors { get; init; }

    public required StageThreads Threads { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Loggers { get; init; }
}

/// <summary>Threads Torch may use within one operation of each stage; together within the machine's cores.</summary>
public sealed record StageThreads(int Vision, int Language, int Fusion, int Decoder);
