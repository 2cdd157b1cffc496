using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Runtime.Simulation;
using static TorchSharp.torch;

namespace Vla.Runtime.Evaluation;

/// <summary>A policy, moved on step by step through the same stage actors that drive a robot.</summary>
/// <remarks>
/// Each stage computes on one thread, so that the same episode ends the same way however many of these run side by
/// side, and on any number of cores.
/// </remarks>
internal sealed class PolicyRunner : IEpisodeRunner
{
    /// <summary>Without a clock a policy may be slow.</summary>
    private static readonly TimeSpan HangBound = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan TerminationBound = TimeSpan.FromSeconds(5);

    private readonly ActorSystem _system;
    private readonly IActorRef _rollout;
    private readonly HangWatch _hangs;

    /// <param name="policy">Says what its pictures, words, state and actions are.</param>
    /// <param name="device">Where it computes.</param>
    /// <exception cref="PolicyException">It is not made for this arm.</exception>
    /// <param name="limits">How long a stage may take.</param>
    public PolicyRunner(IPolicy policy, Device device, HangLimits? limits = null)
    {
        policy = policy.Driving(TabletopFit.Naming);
        TabletopFit.Require(policy);
        TabletopFit.RequireWords(policy);
        var time = TimeProvider.System;
        var state = new StateAsSeen(policy.State);
        var parts = new PolicyParts
        {
            Policy = policy,
            Device = device,
            Monitors = new PipelineMonitors(time, policy.Steps),
            Threads = new StageThreads(1, 1, 1, 1),
            Time = time,
            Loggers = NullLoggerFactory.Instance,
        };
        _system = QuietActors.Create("vla-evaluation");
        _rollout = _system.ActorOf(
            parts.Scheduling.Place(
                RolloutActor.Props(
                    (parent, self) => parts.Start(parent, observations: self, instructions: self),
                    TabletopFit.Views(policy),
                    policy.ImageOf,
                    state,
                    policy.Action.Execution,
                    policy.TakesWords
                )
            ),
            "rollout"
        );
        _hangs = new HangWatch(
            parts.Monitors.Stages,
            limits ?? new HangLimits { GiveUp = HangBound },
            time,
            NullLogger.Instance,
            hang => _rollout.Tell(new HangException(hang), ActorRefs.NoSender)
        );
        _hangs.Start();
    }

    public Task<EpisodeResult> RunAsync(Episode episode, CancellationToken cancellation) =>
        _rollout.Ask<EpisodeResult>(new RunEpisode(episode), Timeout.InfiniteTimeSpan, cancellation);

    public async ValueTask DisposeAsync()
    {
        _hangs.Dispose();
        // A stage that hangs never ends; its thread is left to the end of the process.
        await Task.WhenAny(_system.Terminate(), Task.Delay(TerminationBound));
    }
}
