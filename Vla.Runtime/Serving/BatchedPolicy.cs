using Akka.Actor;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Runtime.Serving;

/// <summary>
/// A policy that works for all clients at once: what they ask at the same time is computed together, with one set of
/// weights.
/// </summary>
internal sealed class BatchedPolicy : IDisposable
{
    private readonly ActorSystem _system;
    private readonly IBatchedPolicy _policy;
    private readonly PolicyParts _parts;
    private readonly IActorRef _shared;
    private readonly HangWatch _hangs;

    /// <param name="system">Where its actors live; set up by <see cref="PipelineConfig.Hocon"/>.</param>
    /// <param name="policy">Says what its pictures, words, state and actions are.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="largest">So many observations at once at most.</param>
    /// <param name="loggers">Where restarts and hanging stages are said.</param>
    /// <param name="hung">Told once, with what hangs and at what.</param>
    public BatchedPolicy(
        ActorSystem system,
        IBatchedPolicy policy,
        Device device,
        int largest,
        ILoggerFactory loggers,
        Action<string> hung
    )
    {
        (_system, _policy) = (system, policy);
        var parts = _parts = ServedPolicy.Parts(policy, device, loggers);
        var host = new PolicyHost
        {
            Observations = ActorRefs.Nobody,
            Instructions = ActorRefs.Nobody,
            Monitors = parts.Monitors.ByStep,
            Device = device,
            Threads = parts.Threads,
            Time = parts.Time,
            Loggers = loggers,
            Scheduling = parts.Scheduling,
        };
        _shared = system.ActorOf(SharedPolicyActor.Props(parts.Scheduling.Place(policy.Together(host, largest))));
        _hangs = ServedPolicy.Watch(parts, hung);
    }

    /// <summary>Works for one of the clients.</summary>
    public ServedPolicy Seat()
    {
        var actor = _system.ActorOf(_parts.Scheduling.Place(ServedPolicyActor.Sharing(_shared)));
        return new ServedPolicy(_system, _policy, actor, _parts.Monitors.Stages, besides: null);
    }

    public void Dispose()
    {
        _hangs.Dispose();
        _system.Stop(_shared);
    }
}
