using Akka.Actor;
using Microsoft.Extensions.Logging;

namespace Vla.Actors.Instructions;

/// <summary>
/// Takes instructions from anyone and hands the one in force to whoever wants it: <see cref="GiveInstruction"/> and
/// <see cref="InstructionWanted"/> in, <see cref="InstructionChanged"/> out.
/// </summary>
/// <remarks>
/// Answers <see cref="GiveInstruction"/> with <see cref="InstructionChanged"/> or <see cref="InstructionRefused"/>;
/// a refused text leaves the last good instruction in force.
/// </remarks>
public sealed partial class InstructionActor(InstructionBoard board, ILogger logger) : UntypedActor
{
    private IActorRef? _asker;

    public static Props Props(InstructionBoard board, ILogger logger) =>
        Akka.Actor.Props.Create(() => new InstructionActor(board, logger));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case GiveInstruction give:
                Take(give);
                break;

            case InstructionWanted wanted when board.Current is { } current && current.Number > wanted.After:
                Sender.Tell(new InstructionChanged(current));
                break;

            case InstructionWanted:
                _asker = Sender;
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    private void Take(GiveInstruction give)
    {
        if (!InstructionText.TryRead(give.Text, out var text, out var problem))
        {
            Log.Refused(logger, problem);
            Sender.Tell(new InstructionRefused(problem));
            return;
        }

        var changed = new InstructionChanged(board.Give(text));
        Log.Given(logger, changed.Instruction.Number, text);
        Sender.Tell(changed);
        _asker?.Tell(changed);
        _asker = null;
    }

    private static partial class Log
    {
        [LoggerMessage(10, LogLevel.Information, "instruction {Number}: {Text}")]
        public static partial void Given(ILogger logger, long number, string text);

        [LoggerMessage(11, LogLevel.Warning, "{Problem}; the last good instruction stays")]
        public static partial void Refused(ILogger logger, string problem);
    }
}
