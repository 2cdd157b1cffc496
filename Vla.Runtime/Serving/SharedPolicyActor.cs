using Akka.Actor;

namespace Vla.Runtime.Serving;

/// <summary>
/// Stands above what works for several clients at once: hands on what each of them says, and tells them all when it has
/// failed, so that nobody waits for an answer that was lost with it.
/// </summary>
/// <remarks>Handles <see cref="Joins"/>; a client that is gone is forgotten.</remarks>
internal sealed class SharedPolicyActor : UntypedActor
{
    private readonly Props _works;
    private readonly HashSet<IActorRef> _clients = [];
    private IActorRef _child = ActorRefs.Nobody;

    /// <param name="works">Of what does the work.</param>
    public SharedPolicyActor(Props works) => _works = works;

    public static Props Props(Props works) => Akka.Actor.Props.Create(() => new SharedPolicyActor(works));

    protected override void PreStart() => _child = Context.ActorOf(_works, "policy");

    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(exception =>
        {
            foreach (var client in _clients)
                client.Tell(new StageFailed(exception.Message));
            return Directive.Restart;
        });

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Joins:
                if (_clients.Add(Sender))
                    Context.Watch(Sender);
                Sender.Tell(new Shared(_child));
                break;

            case Terminated gone:
                _clients.Remove(gone.ActorRef);
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>A client's actor wants to be worked for; answered with <see cref="Shared"/>.</summary>
    internal sealed class Joins : INoSerializationVerificationNeeded
    {
        public static readonly Joins Instance = new();
    }

    /// <summary>Who works.</summary>
    internal sealed record Shared(IActorRef Policy) : INoSerializationVerificationNeeded;
}

/// <summary>What worked on an observation has failed.</summary>
/// <param name="Why">In its own words.</param>
internal sealed record StageFailed(string Why) : INoSerializationVerificationNeeded;
