using Akka.Actor;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Runtime.Serving;

/// <summary>A policy that works for one client at a time, through actors as those that drive a robot.</summary>
internal sealed class ServedPolicy : IDisposable
{
    private readonly ActorSystem _system;
    private readonly IActorRef _actor;
    private readonly IDisposable? _besides;

    /// <param name="system">Where its actors live.</param>
    /// <param name="policy">Says what its pictures, words, state and actions are.</param>
    /// <param name="actor">Answers <see cref="Infer"/>; stopped in the end.</param>
    /// <param name="stages">What is known of those that work.</param>
    /// <param name="besides">Disposed in the end.</param>
    public ServedPolicy(
        ActorSystem system,
        IPolicy policy,
        IActorRef actor,
        IReadOnlyList<StageMonitor> stages,
        IDisposable? besides
    ) => (_system, Policy, _actor, Stages, _besides) = (system, policy, actor, stages, besides);

    public IPolicy Policy { get; }

    /// <summary>What is known of its stages.</summary>
    public IReadOnlyList<StageMonitor> Stages { get; }

    /// <summary>One with stages, and so weights, of its own.</summary>
    /// <param name="system">Where its actors live; set up by <see cref="PipelineConfig.Hocon"/>.</param>
    /// <param name="policy">Says what its pictures, words, state and actions are.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="loggers">Where restarts and hanging stages are said.</param>
    /// <param name="hung">Told once, with which stage hangs and at what.</param>
    public static ServedPolicy Alone(
        ActorSystem system,
        IPolicy policy,
        Device device,
        ILoggerFactory loggers,
        Action<string> hung
    )
    {
        var parts = Parts(policy, device, loggers);
        var actor = system.ActorOf(
            parts.Scheduling.Place(
                ServedPolicyActor.Props((parent, self) => parts.Start(parent, self, self), policy.TakesWords)
            )
        );
        return new ServedPolicy(system, policy, actor, parts.Monitors.Stages, Watch(parts, hung));
    }

    /// <summary>What a policy that serves is run with.</summary>
    public static PolicyParts Parts(IPolicy policy, Device device, ILoggerFactory loggers) =>
        new()
        {
            Policy = policy,
            Device = device,
            Monitors = new PipelineMonitors(TimeProvider.System, policy.Steps),
            Threads = new StageThreads(Environment.ProcessorCount, 1, 1, 1),
            Time = TimeProvider.System,
            Loggers = loggers,
        };

    /// <summary>Begins to look for stages that hang.</summary>
    public static HangWatch Watch(PolicyParts parts, Action<string> hung)
    {
        var hangs = new HangWatch(
            parts.Monitors.Stages,
            new HangLimits(),
            parts.Time,
            parts.Loggers.CreateLogger<HangWatch>(),
            hung
        );
        hangs.Start();
        return hangs;
    }

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
        _besides?.Dispose();
        _system.Stop(_actor);
    }
}
