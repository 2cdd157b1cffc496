using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Runtime.Policies;
using Vla.Sensors.Observations;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving;

/// <summary>
/// Stands in for cameras, words and publisher before a policy that answers single observations:
/// <see cref="Infer"/> in, <see cref="Inferred"/> or <see cref="NotInferred"/> out.
/// </summary>
/// <remarks>
/// To the stages it says and answers what those actors would: <see cref="Ready"/>, <see cref="ObservationCaptured"/>,
/// <see cref="InstructionChanged"/>, <see cref="ActionDecoded"/>. No picture meets the words of the observation before
/// (see <see cref="StagesFront"/>). A stage that fails is started anew, and whoever waits is told why. Every request is
/// answered, one at a time.
/// </remarks>
internal sealed class ServedPolicyActor : UntypedActor, IWithTimers
{
    /// <summary>
    /// A stage that hangs is found sooner; this is for what neither fails nor hangs, and gives nothing.
    /// </summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private const int LongestReason = 300;

    private readonly Func<IActorRefFactory, IActorRef, IActorRef> _start;
    private readonly bool _takesWords;
    private readonly IActorRef? _shared;
    private readonly StagesFront _front;
    private IActorRef _last = ActorRefs.Nobody;
    private long _sequence;
    private Infer? _asked;
    private IActorRef? _asker;

    /// <param name="start">Given a parent and this actor, starts the policy.</param>
    /// <param name="takesWords">Whether its stages ask for words before they work.</param>
    public ServedPolicyActor(Func<IActorRefFactory, IActorRef, IActorRef> start, bool takesWords) =>
        (_start, _takesWords, _front) = (start, takesWords, new StagesFront(takesWords));

    /// <summary>For one of the clients of a policy that works for several.</summary>
    /// <param name="shared">A <see cref="SharedPolicyActor"/>.</param>
    public ServedPolicyActor(IActorRef shared)
        : this((_, _) => ActorRefs.Nobody, takesWords: false) => _shared = shared;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Func<IActorRefFactory, IActorRef, IActorRef> start, bool takesWords) =>
        Akka.Actor.Props.Create(() => new ServedPolicyActor(start, takesWords));

    /// <summary>One whose policy works for others, too; the words go with each observation.</summary>
    public static Props Sharing(IActorRef shared) => Akka.Actor.Props.Create(() => new ServedPolicyActor(shared));

    protected override void PreStart()
    {
        _last = _start(Context, Self);
        _shared?.Tell(SharedPolicyActor.Joins.Instance);
    }

    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(exception =>
        {
            Self.Tell(new StageFailed(exception.Message));
            return Directive.Restart;
        });

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Infer infer:
                Begin(infer);
                break;

            case SharedPolicyActor.Shared shared:
                _last = shared.Policy;
                if (_asked is not null)
                    _last.Tell(Ready.Once);
                break;

            case InstructionWanted wanted:
                _front.Wanted(wanted, Sender);
                Show();
                break;

            case Ready:
                _front.Ready(Sender);
                Show();
                break;

            case ActionDecoded decoded when decoded.Chunk.Origin.FrameSequence == _sequence:
                Answer(new Inferred(decoded.Chunk));
                break;

            case ActionDecoded when _asked is not null:
                // Of an observation that nobody waits for any more.
                _last.Tell(Ready.Once);
                break;

            case ActionDecoded:
                break;

            case StageFailed failed:
                Answer(new NotInferred($"the policy failed: {OneLine.Of(failed.Why, LongestReason)}"));
                break;

            case TookTooLong:
                Answer(new NotInferred($"the policy gave nothing within {LongestWait.TotalSeconds:0} s"));
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    private void Begin(Infer infer)
    {
        (_asked, _asker) = (infer, Sender);
        _sequence++;
        if (_takesWords && infer.Words != _front.Words?.Text)
            _front.Say(infer.Words);

        Timers.StartSingleTimer(TookTooLong.Instance, TookTooLong.Instance, LongestWait);
        _last.Tell(Ready.Once);
        Show();
    }

    private void Show()
    {
        if (_asked is not { } asked || _front.Take() is not { } first)
            return;
        try
        {
            var seen = asked.Make(_sequence);
            (seen.Instruction, seen.InstructionNumber) = (asked.Words, _front.Words?.Number ?? 0);
            first.Tell(new ObservationCaptured(seen));
        }
        catch (WireException e)
        {
            _front.Ready(first);
            Answer(new NotInferred(e.Message) { IsOfPolicy = false });
        }
    }

    private void Answer(object answer)
    {
        if (_asked is null)
            return;
        Timers.Cancel(TookTooLong.Instance);
        _asked = null;
        _asker?.Tell(answer);
        _asker = null;
    }

    private sealed class TookTooLong : INoSerializationVerificationNeeded
    {
        public static readonly TookTooLong Instance = new();
    }
}

/// <summary>Asks for what a policy does about an observation.</summary>
/// <param name="Make">Makes the observation, with a number for its pictures; what it is made of stays until the
/// answer.</param>
/// <param name="Words">What is to be done; empty for nothing.</param>
internal sealed record Infer(Func<long, Observation> Make, string Words) : INoSerializationVerificationNeeded;

/// <summary>The answer: what the policy would do.</summary>
internal sealed record Inferred(ActionChunk Chunk)
{
    /// <summary>The chunk's actions, row by row.</summary>
    /// <param name="dimensions">Numbers in each.</param>
    /// <exception cref="PolicyException">They are another number, or no numbers.</exception>
    public float[] Values(int dimensions)
    {
        var values = Chunk.Values;
        if (values.Length != Chunk.Horizon * dimensions)
            throw new PolicyException(
                $"the policy gave {values.Length} values where {Chunk.Horizon} × {dimensions} were due"
            );
        return Array.TrueForAll(values, float.IsFinite)
            ? values
            : throw new PolicyException("the policy gave values that are no numbers (NaN or infinite)");
    }
}

/// <summary>The answer when there is none.</summary>
/// <param name="Why">In one line.</param>
internal sealed record NotInferred(string Why)
{
    /// <summary>Whether the policy failed; otherwise there is something in the observation that cannot be.</summary>
    public bool IsOfPolicy { get; init; } = true;
}
