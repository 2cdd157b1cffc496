using Akka.Actor;
using Microsoft.Extensions.Logging;
using Vla.Actors.Pipeline;

namespace Vla.Actors.Instructions;

/// <summary>
/// Takes instructions from anyone and hands the one in force to whoever wants it: <see cref="GiveInstruction"/> and
/// <see cref="InstructionWanted"/> in, <see cref="InstructionChanged"/> out.
/// </summary>
/// <remarks>
/// Answers <see cref="GiveInstruction"/> with <see cref="InstructionChanged"/>, <see cref="InstructionRefused"/> or,
/// for words that mean stop, <see cref="InstructionStopped"/>; only the first changes the instruction in force.
/// </remarks>
public sealed partial class InstructionActor(InstructionBoard board, InstructionCheck check, ILogger logger)
    : UntypedActor
{
    private IActorRef? _asker;

    /// <summary>How it is started.</summary>
    public static Props Props(InstructionBoard board, InstructionCheck check, ILogger logger) =>
        Akka.Actor.Props.Create(() => new InstructionActor(board, check, logger));

    /// <summary>An instruction that was in force from the start has been given to nobody here.</summary>
    protected override void PreStart()
    {
        if (board.Current is not { Number: 1 } first)
            return;
        Log.Given(logger, first.Number, first.Text);
        if (first.UnknownWords.Count > 0)
            Log.Noted(logger, first.Number, InstructionCheck.Unknown(first.UnknownWords));
    }

    /// <inheritdoc/>
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
        var read = check.Read(give.Text);
        if (read.IsStop)
        {
            check.Stop(InstructionCheck.StopReason);
            Log.Stopped(logger);
            Sender.Tell(new InstructionStopped());
            return;
        }

        if (read.Problem.Length > 0)
        {
            Log.Refused(logger, read.Problem);
            Sender.Tell(new InstructionRefused(read.Problem) { UnknownWords = read.UnknownWords });
            return;
        }

        var changed = new InstructionChanged(board.Give(read.Text, read.UnknownWords)) { Note = read.Note };
        Log.Given(logger, changed.Instruction.Number, read.Text);
        if (read.Note.Length > 0)
            Log.Noted(logger, changed.Instruction.Number, read.Note);
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

        [LoggerMessage(12, LogLevel.Warning, "instruction {Number}: {Note}")]
        public static partial void Noted(ILogger logger, long number, string note);

        [LoggerMessage(13, LogLevel.Warning, "told to stop, in words; the robot stays stopped until it is resumed")]
        public static partial void Stopped(ILogger logger);
    }
}
