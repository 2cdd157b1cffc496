using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Scheduling;

namespace Vla.Actors.Control;

/// <summary>
/// Hands decoded actions to the control loop and asks for more: <see cref="ActionDecoded"/> in, <see cref="Ready"/>
/// out.
/// </summary>
/// <remarks>
/// <para>
/// All demand begins here: at once after every action, or, for chunks of which a share is to be carried out first, when
/// the control loop says so. It is said again every <see cref="DemandAgain"/> while no action comes, and each stage
/// passes it on: that is how flow resumes after any stage was restarted, and nothing else is needed for it.
/// </para>
/// <para>
/// The loop, not this actor, publishes: it goes on with its rate and its ladder whatever happens here.
/// </para>
/// </remarks>
public sealed class PublisherActor(ControlLoop control, IActorRef decoder, StageScheduling scheduling)
    : UntypedActor,
        IWithTimers
{
    /// <summary>How long to wait for an action before asking again.</summary>
    public static readonly TimeSpan DemandAgain = TimeSpan.FromMilliseconds(50);

    private ActorPlace? _place;
    private bool _served;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="control">Publishes; started and ended by whoever made it.</param>
    /// <param name="decoder">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="scheduling">What runs where; the actor is to be started as it says.</param>
    public static Props Props(ControlLoop control, IActorRef decoder, StageScheduling? scheduling = null) =>
        Akka.Actor.Props.Create(() => new PublisherActor(control, decoder, scheduling ?? StageScheduling.Plain));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _place = scheduling.Join(Context.Dispatcher, ThreadUse.AlwaysShares);
        Timers.StartPeriodicTimer(nameof(DemandAgain), AskAgain.Instance, DemandAgain);
        var self = Self;
        control.Demand.Wanted = () => self.Tell(ChunkWanted.Instance, ActorRefs.NoSender);
        Ask();
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        control.Demand.Wanted = null;
        _place?.Leave();
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ActionDecoded decoded:
                control.Offer(decoded.Chunk);
                _served = true;
                if (control.Demand.IsWanted)
                    Ask();
                break;

            case ChunkWanted:
                Ask();
                break;

            case AskAgain:
                if (!_served && control.Demand.IsWanted)
                    Ask();
                _served = false;
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    // A chunk that is to be carried out for a while is made when it is wanted: made ahead, it would begin in the past.
    private void Ask() => decoder.Tell(control.Demand.IsAlways ? Ready.Continuous : Ready.Once);

    private sealed class ChunkWanted
    {
        public static readonly ChunkWanted Instance = new();
    }

    private sealed class AskAgain
    {
        public static readonly AskAgain Instance = new();
    }
}
