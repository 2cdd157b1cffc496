using Akka.Actor;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Runtime.Serving;

/// <summary>A policy that works for one client at a time, through the same stage actors that drive a robot.</summary>
internal sealed class ServedPolicy : IDisposable
{
    private readonly ActorSystem _system;
    private readonly IActorRef _actor;
    private readonly HangWatch _hangs;

    /// <param name="system">Where its actors live; set up by <see cref="PipelineConfig.Hocon"/>.</param>
    /// <param name="policy">Says what its pictures, words, state and actions are.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="loggers">Where restarts and hanging stages are said.</param>
    /// <param name="hung">Told once, with which stage hangs and at what.</param>
    public ServedPolicy(ActorSystem system, IPolicy policy, Device device, ILoggerFactory loggers, Action<string> hung)
    {
        (_system, Policy) = (system, policy);
        var time = TimeProvider.System;
        var parts = new PolicyParts
        {
            Policy = policy,
            Device = device,
            Monitors = new PipelineMonitors(time, policy.Steps),
            Threads = new StageThreads(Environment.ProcessorCount, 1, 1, 1),
            Time = time,
            Loggers = loggers,
        };
        Stages = parts.Monitors.Stages;
        _actor = system.ActorOf(
            parts.Scheduling.Place(
                ServedPolicyActor.Props((parent, self) => parts.Start(parent, self, self), policy.TakesWords)
            )
        );
        _hangs = new HangWatch(Stages, new HangLimits(), time, loggers.CreateLogger<HangWatch>(), hung);
        _hangs.Start();
    }

    public IPolicy Policy { get; }

    /// <summary>What is known of its stages.</summary>
    public IReadOnlyList<StageMonitor> Stages { get; }

    /// <summary>What it would do about an observation.</summary>
    /// <param name="reader">Finds in it what the policy wants; nobody else's until the answer.</param>
    /// <param name="seen">As it was read; kept until the answer.</param>
    /// <param name="cancellation">Whoever asked is gone.</param>
    /// <exception cref="WireException">There is something in it that cannot be.</exception>
    /// <exception cref="PolicyException">The policy failed.</exception>
    public async Task<Inferred> InferAsync(ObservationReader reader, WireMap seen, CancellationToken cancellation)
    {
        reader.Take(seen, out var words);
        return await _actor.Ask<object>(new Infer(reader.Maker(), words), Timeout.InfiniteTimeSpan, cancellation) switch
        {
            Inferred inferred => inferred,
            NotInferred { IsOfPolicy: false } not => throw new WireException(not.Why),
            NotInferred not => throw new PolicyException(not.Why),
            var other => throw new PolicyException($"the policy answered {other.GetType().Name}"),
        };
    }

    public void Dispose()
    {
        _hangs.Dispose();
        _system.Stop(_actor);
    }
}
