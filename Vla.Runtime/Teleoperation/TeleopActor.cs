using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Stages;
using Vla.Sensors;

namespace Vla.Runtime.Teleoperation;

/// <summary>
/// Whatever leads, in a policy's place: what it wants as <see cref="ActionDecoded"/>, whenever asked.
/// </summary>
/// <remarks>
/// It looks at no picture and waits for none: each is told on at once. With a policy before it, what that does goes
/// through while nobody corrects it.
/// </remarks>
/// <param name="feed">Tells what is wanted.</param>
/// <param name="policy">The policy that is corrected; null for none.</param>
/// <param name="instructions">Says which words are in force: a recording asks.</param>
/// <param name="monitor">Counts; null where a policy's stages do.</param>
/// <param name="time">The clock.</param>
internal sealed class TeleopActor(
    TeleopFeed feed,
    IActorRef? policy,
    IActorRef instructions,
    StageMonitor? monitor,
    TimeProvider time
) : UntypedActor
{
    private readonly InstructionDemand _words = new(instructions, time);
    private WordsInForce _inForce = WordsInForce.None;
    private IActorRef? _asker;
    private bool _isWanted;
    private Felt? _newest;

    protected override void PreStart()
    {
        var self = Self;
        feed.Felt = (atNs, values) => self.Tell(new Felt(atNs, values), ActorRefs.NoSender);
        feed.Stays = values => self.Tell(new Stay(values), ActorRefs.NoSender);
        monitor?.Running();
    }

    protected override void PostStop() => (feed.Felt, feed.Stays) = (null, null);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Ready:
                (_asker, _isWanted) = (Sender, true);
                _words.Again();
                policy?.Tell(message, Self);
                Answer();
                break;

            case InstructionChanged changed:
                _inForce = WordsInForce.Of(changed.Instruction);
                _words.After(changed.Instruction);
                break;

            case ActionDecoded decoded:
                if (!feed.Corrects && feed.PolicyActs)
                    _asker?.Tell(decoded);
                break;

            case Stay stay:
                // In the place of what is left of the policy's plan.
                _asker?.Tell(new ActionDecoded(new ActionChunk(stay.Values, 1, 0, Origin(time.NowNs(), false))));
                break;

            case Felt felt:
                _newest = felt;
                Answer();
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    private void Answer()
    {
        if (!_isWanted || _newest is not { } felt || (feed.IsCorrection && !feed.Corrects))
            return;
        (_newest, _isWanted) = (null, false);
        monitor?.CountProcessed();
        _asker!.Tell(
            new ActionDecoded(new ActionChunk(felt.Values, Horizon: 1, StepNs: 0, Origin(felt.AtNs, isByHand: true)))
        );
    }

    private Origin Origin(long atNs, bool isByHand) =>
        new()
        {
            CapturedNs = atNs,
            Words = _inForce,
            IsByHand = isByHand,
        };

    private sealed record Stay(float[] Values);

    private sealed record Felt(long AtNs, float[] Values);
}
