using Akka.Actor;
using Microsoft.Extensions.Logging;
using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Actors.Scheduling;
using Vla.Actors.Stages;
using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>What a policy's actors are given when they are started.</summary>
public sealed record PolicyHost
{
    /// <summary>Is told <see cref="Pipeline.Ready"/>, answers <see cref="Pipeline.ObservationCaptured"/>.</summary>
    public required IActorRef Observations { get; init; }

    /// <summary>The shorter way to observations; null for none.</summary>
    public IObservationSource? Source { get; init; }

    /// <summary>
    /// Is told <see cref="Pipeline.InstructionWanted"/>, answers <see cref="Pipeline.InstructionChanged"/>.
    /// </summary>
    public required IActorRef Instructions { get; init; }

    /// <summary>What became of its chunks; null where nobody carries them out against the clock.</summary>
    public ChunkProgress? Progress { get; init; }

    /// <summary>One monitor for each of the policy's steps, by the step's name; they outlive restarts.</summary>
    public required IReadOnlyDictionary<string, StageMonitor> Monitors { get; init; }

    /// <summary>Where Torch computes.</summary>
    public required Device Device { get; init; }

    /// <summary>How many threads each stage computes with.</summary>
    public required StageThreads Threads { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where its actors log.</summary>
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>What runs where: an actor is started as <see cref="StageScheduling.Place"/> says.</summary>
    public StageScheduling Scheduling { get; init; } = StageScheduling.Tuned();

    /// <summary>What the stage that does a step is given.</summary>
    /// <param name="step">One of the policy's.</param>
    /// <param name="threads">Threads that work on one input of it.</param>
    public StageSetup Setup(string step, int threads) =>
        new(Monitors[step], Time, threads, Loggers.CreateLogger<TorchActor>()) { Scheduling = Scheduling };
}

/// <summary>
/// Threads that work on one input of each stage, Torch's or a module's own; together within the machine's cores.
/// </summary>
/// <remarks>A policy of another family takes <see cref="Vision"/> for its heaviest part.</remarks>
public sealed record StageThreads(int Vision, int Language, int Fusion, int Decoder);
