using Akka.Actor;
using Microsoft.Extensions.Logging;
using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Scheduling;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Wiring;

/// <summary>What a policy is run with, wherever its pictures come from and its actions go to.</summary>
public record PolicyParts
{
    /// <summary>What decides.</summary>
    public required IPolicy Policy { get; init; }

    /// <summary>Where Torch computes.</summary>
    public required Device Device { get; init; }

    /// <summary>Made for the policy's steps.</summary>
    public required PipelineMonitors Monitors { get; init; }

    /// <summary>How many threads each stage computes with.</summary>
    public required StageThreads Threads { get; init; }

    /// <summary>The one clock of all of it.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where the actors log.</summary>
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>What runs where in the pipeline made of this.</summary>
    public StageScheduling Scheduling { get; init; } = StageScheduling.Tuned();

    /// <summary>Starts the policy alone, for whoever brings pictures and words and takes the actions.</summary>
    /// <param name="parent">An actor system set up by <see cref="PipelineConfig.Hocon"/>, or an actor's
    /// context.</param>
    /// <param name="observations">Is told <see cref="Pipeline.Ready"/>, answers
    /// <see cref="Pipeline.ObservationCaptured"/>.</param>
    /// <param name="instructions">Is told <see cref="Pipeline.InstructionWanted"/>, answers
    /// <see cref="Pipeline.InstructionChanged"/>.</param>
    /// <param name="source">The shorter way to observations; null for none.</param>
    /// <returns>Answers <see cref="Pipeline.Ready"/> with <see cref="Pipeline.ActionDecoded"/>.</returns>
    public IActorRef Start(
        IActorRefFactory parent,
        IActorRef observations,
        IActorRef instructions,
        IObservationSource? source = null
    ) =>
        Policy.Start(
            parent,
            new PolicyHost
            {
                Observations = observations,
                Instructions = instructions,
                Source = source,
                Monitors = Monitors.ByStep,
                Device = Device,
                Threads = Threads,
                Time = Time,
                Loggers = Loggers,
                Scheduling = Scheduling,
                Progress = Progress,
            }
        );

    /// <inheritdoc cref="PolicyHost.Progress"/>
    protected virtual ChunkProgress? Progress => null;
}

/// <summary>What the pipeline is made of: its policy, and what is before and behind it.</summary>
public sealed record PipelineParts : PolicyParts
{
    /// <summary>One or more, in the order of <see cref="PipelineMonitors.Cameras"/>.</summary>
    public required IReadOnlyList<CameraParts> Cameras { get; init; }

    /// <summary>By how much a picture may be older than the newest of its set, nanoseconds.</summary>
    public long MaximumSkewNs { get; init; } = DefaultMaximumSkewNs;

    /// <summary>Somewhat more than lies between two pictures of a camera at 30 a second.</summary>
    public const long DefaultMaximumSkewNs = 50 * MonotonicTime.NsPerMs;

    /// <summary>
    /// What the policy wants of the robot's state, in its order; null when the robot gives none: it then gets the
    /// average.
    /// </summary>
    public IRobotState? RobotState { get; init; }

    /// <summary>The words in force.</summary>
    public required InstructionBoard Instructions { get; init; }

    /// <summary>Where chunks go, and from where actions leave.</summary>
    public required ControlLoop Control { get; init; }

    /// <summary>What a simulated world says of words that are about it; null without one.</summary>
    public Func<string, SceneAnswer>? Scene { get; init; }

    /// <inheritdoc/>
    protected override ChunkProgress Progress => Control.Progress;

    /// <summary>What is asked of every instruction.</summary>
    public InstructionCheck CheckInstructions() =>
        new()
        {
            Words = Policy.ReadWords,
            TakesWords = Policy.TakesWords,
            Scene = Scene,
            Stop = Control.Stop,
            NeedsResume = () => Control.NeedsResume,
        };
}
