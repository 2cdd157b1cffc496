using Akka.Actor;
using Microsoft.Extensions.Logging;
using Vla.Actors.Threads;

namespace Vla.Actors.Publishing;

/// <summary>
/// Hands decoded actions to the control loop and asks for more: <see cref="ActionDecoded"/> in, <see cref="Ready"/> out.
/// </summary>
/// <remarks>
/// <para>
/// All demand begins here: at once after every action, or, for chunks of which a share is to be carried out first, when the
/// control loop says so. It is said again every <see cref="DemandAgain"/> while no action comes, and each stage passes it
/// on: that is how flow resumes after any stage was restarted, and nothing else is needed for it.
/// </para>
/// <para>
/// The loop, not this actor, publishes: it goes on with its rate and its ladder whatever happens here. What it refuses
/// or fails at is said from here, once a second at most.
/// </para>
/// </remarks>
public sealed partial class PublisherActor(ControlLoop control, IActorRef decoder, ILogger logger, HomeCore? home) : UntypedActor, IWithTimers
{
    /// <summary>How long to wait for an action before asking again.</summary>
    public static readonly TimeSpan DemandAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>How often the loop's counters are looked at for something to say.</summary>
    public static readonly TimeSpan SayAtMost = TimeSpan.FromSeconds(1);

    private readonly HomeCore.Follower? _follower = home?.NewFollower();
    private bool _served;
    private ControlSnapshot _said = control.Snapshot();

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="control">Publishes; started and ended by whoever made it.</param>
    /// <param name="decoder">Upstream: is told <see cref="Ready"/>.</param>
    /// <param name="logger">Where refusals, state changes and failing outputs are said.</param>
    /// <param name="home">Where the pipeline's light threads are; only for an actor with a thread of its own.</param>
    public static Props Props(ControlLoop control, IActorRef decoder, ILogger logger, HomeCore? home = null) =>
        Akka.Actor.Props.Create(() => new PublisherActor(control, decoder, logger, home));

    protected override void PreStart()
    {
        _follower?.Follow();
        Timers.StartPeriodicTimer(nameof(DemandAgain), AskAgain.Instance, DemandAgain);
        Timers.StartPeriodicTimer(nameof(SayAtMost), LookAtCounters.Instance, SayAtMost);
        var self = Self;
        control.Demand.Wanted = () => self.Tell(ChunkWanted.Instance, ActorRefs.NoSender);
        Ask();
    }

    protected override void PostStop()
    {
        control.Demand.Wanted = null;
        _follower?.Leave();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ActionDecoded decoded:
                control.Offer(decoded.Chunk);
                _served = true;
                if (control.Demand.IsWanted) Ask();
                break;

            case ChunkWanted:
                Ask();
                break;

            case AskAgain:
                if (!_served && control.Demand.IsWanted) Ask();
                _served = false;
                break;

            case LookAtCounters:
                SayWhatChanged(control.Snapshot());
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    // A chunk that is to be carried out for a while is made when it is wanted: made ahead, it would begin in the past.
    private void Ask() => decoder.Tell(control.Demand.IsAlways ? Ready.Continuous : Ready.Once);

    private void SayWhatChanged(ControlSnapshot now)
    {
        var refused = now.Refused.Sum() - _said.Refused.Sum();
        if (refused > 0) Log.Refused(logger, refused, now.LastRefusal);
        if (now.Faults > _said.Faults) Log.Fault(logger, now.LastFault);
        if (now.State != _said.State || now.Reason != _said.Reason) Log.State(logger, now.State.Word(), now.Reason);

        foreach (var (output, before) in now.Outputs.Zip(_said.Outputs))
        {
            if (output.Failing && !before.Failing) Log.OutputFails(logger, output.Name, output.LastError);
            if (before.Failing && !output.Failing) Log.OutputBack(logger, output.Name, output.Failures);
        }

        _said = now;
    }

    private sealed class ChunkWanted
    {
        public static readonly ChunkWanted Instance = new();
    }

    private sealed class AskAgain
    {
        public static readonly AskAgain Instance = new();
    }

    private sealed class LookAtCounters
    {
        public static readonly LookAtCounters Instance = new();
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Warning, "{Count} actions refused: {Refusal}")]
        public static partial void Refused(ILogger logger, long count, string refusal);

        [LoggerMessage(31, LogLevel.Information, "control: {State} {Reason}")]
        public static partial void State(ILogger logger, string state, string reason);

        [LoggerMessage(32, LogLevel.Error, "the control loop failed and published a stop: {Fault}")]
        public static partial void Fault(ILogger logger, string fault);

        [LoggerMessage(33, LogLevel.Warning, "output {Output} fails: {Error}; it is tried again")]
        public static partial void OutputFails(ILogger logger, string output, string error);

        [LoggerMessage(34, LogLevel.Information, "output {Output} works again after {Failures} failures")]
        public static partial void OutputBack(ILogger logger, string output, long failures);
    }
}
