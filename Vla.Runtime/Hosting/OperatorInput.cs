using Akka.Actor;
using Akka.Hosting;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Runtime.Simulation;

namespace Vla.Runtime.Hosting;

/// <summary>
/// Takes what an operator writes, at the prompt, into a pipe, over HTTP or on the page: a stop, a command, or an
/// instruction.
/// </summary>
/// <remarks>
/// A stop goes to the control loop at once, on the caller's thread: no mailbox, no policy and no other actor is waited
/// for. What the answer waits for is the robot: it says that the robot is stopped when every output has taken the stop.
/// </remarks>
/// <param name="control">Is stopped and resumed.</param>
/// <param name="instructions">Is given everything that is neither a stop nor a command.</param>
/// <param name="world">The simulated world; null without one.</param>
/// <param name="quit">Ends the program in good order.</param>
internal sealed class OperatorInput(
    ControlLoop control,
    IRequiredActor<InstructionActor> instructions,
    WorldEpisodes? world,
    Action quit
)
{
    /// <summary>Longest time the instruction actor may take to answer.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    /// <summary>How long a stop may take to reach the robot before the answer says that it has not.</summary>
    private static readonly TimeSpan ToReachTheRobot = TimeSpan.FromSeconds(1);

    /// <summary>What <c>/help</c> says.</summary>
    public static IReadOnlyList<string> Help { get; } =
    [
        "words            tell the robot what to do, in plain words: pick up the red block",
        $"stop             stops the robot; so do: {StopWords.Examples}, and the like, alone",
        "/stop            stops the robot, until /resume",
        "/resume          goes on after a stop",
        $"{TableCommand.Word}, {TableCommand.Word} 7      lays the simulated world's next table, or that of seed 7",
        "/help            says this",
        "/quit            ends the program, as Ctrl-C does; the robot is stopped first",
    ];

    /// <summary>Takes a line.</summary>
    /// <param name="text">As it was written.</param>
    /// <param name="atPrompt">Whether it was typed at the prompt, or piped, where all commands may be given.</param>
    /// <param name="cancellation">The writer has gone.</param>
    public async Task<OperatorAnswer> TakeAsync(string text, bool atPrompt, CancellationToken cancellation = default)
    {
        if (StopWords.Mean(text))
            return await StopAsync(InstructionCheck.StopReason, cancellation);
        if (text.TrimStart().StartsWith('/'))
            return await CommandAsync(text.Trim(), atPrompt, cancellation);
        try
        {
            return await instructions.ActorRef.Ask<object>(new GiveInstruction(text), AnswerWithin, cancellation) switch
            {
                InstructionChanged changed => new OperatorAnswer(OperatorAnswerKind.Given, Say(changed))
                {
                    Given = changed.Instruction,
                    Note = changed.Note,
                },
                InstructionRefused refused => new OperatorAnswer(OperatorAnswerKind.Refused, refused.Problem)
                {
                    UnknownWords = refused.UnknownWords,
                },
                _ => await StopAsync(InstructionCheck.StopReason, cancellation),
            };
        }
        catch (AskTimeoutException)
        {
            return new OperatorAnswer(
                OperatorAnswerKind.Failed,
                "the instruction actor does not answer, so the last good instruction may stay in force; try again, "
                    + "or /stop"
            );
        }
    }

    /// <summary>Stops the robot, and waits until every output has taken that.</summary>
    /// <param name="reason">As published.</param>
    /// <param name="cancellation">The writer has gone; the stop stays in force.</param>
    public async Task<OperatorAnswer> StopAsync(string reason, CancellationToken cancellation = default)
    {
        var outcome = await control.StopAsync(reason, ToReachTheRobot, cancellation);
        return new OperatorAnswer(
            outcome.HasStopped ? OperatorAnswerKind.Stopped : OperatorAnswerKind.NotStopped,
            OutcomeWords.OfStop(outcome)
        )
        {
            Published = outcome.Obeyed,
        };
    }

    /// <summary>Ends any stop, and waits until that is published.</summary>
    public async Task<OperatorAnswer> ResumeAsync(CancellationToken cancellation = default)
    {
        var outcome = await control.ResumeAsync(ToReachTheRobot, cancellation);
        var resumed = outcome.Obeyed is { State: not ControlState.Stop };
        return new OperatorAnswer(
            resumed ? OperatorAnswerKind.Resumed : OperatorAnswerKind.Failed,
            OutcomeWords.OfResume(outcome)
        )
        {
            Published = outcome.Obeyed,
        };
    }

    private static string Say(InstructionChanged changed) =>
        $"instruction {changed.Instruction.Number}: "
        + $"{changed.Instruction.Text}{(changed.Note.Length > 0 ? $" ({changed.Note})" : "")}";

    private async Task<OperatorAnswer> CommandAsync(string text, bool atPrompt, CancellationToken cancellation)
    {
        var word = text.Split([' ', '\t'], 2)[0].ToLowerInvariant().TrimEnd('.', '!');
        // "/stop!" and "/ stop" mean it too; of the others only the exact word does.
        if (StopWords.Mean(text.TrimStart('/', ' ')))
            return await StopAsync(InstructionCheck.StopReason, cancellation);
        switch (word)
        {
            case "/resume":
                return await ResumeAsync(cancellation);
            case not ("/help" or "/quit" or TableCommand.Word):
                return Refuse(
                    $"'{word}' is no command: "
                        + $"{(atPrompt ? "/help says which there are" : "here there are /stop and /resume")}"
                );
            case var _ when !atPrompt:
                return Refuse($"'{word}' is a command of the prompt: here there are /stop and /resume");
            case "/help":
                return new OperatorAnswer(OperatorAnswerKind.Told, string.Join('\n', Help));
            case "/quit":
                quit();
                return new OperatorAnswer(OperatorAnswerKind.Told, "ending");
            default:
                return LayTable(text);
        }
    }

    private OperatorAnswer LayTable(string text)
    {
        if (world is null)
            return Refuse(
                $"'{TableCommand.Word}' lays a table in the simulated world, and there is none: start with --camera "
                    + "world"
            );
        TableCommand.TryRead(text.ToLowerInvariant(), out var seed, out var problem);
        if (problem.Length > 0)
            return Refuse(problem);
        var report = world.Begin(seed);
        return new OperatorAnswer(OperatorAnswerKind.Told, WorldLines.Of(report, null)[0]);
    }

    private static OperatorAnswer Refuse(string problem) => new(OperatorAnswerKind.Refused, problem);
}

/// <summary>What became of a line.</summary>
internal enum OperatorAnswerKind
{
    /// <summary>It is the instruction in force.</summary>
    Given,

    /// <summary>It was not taken; the last good instruction stays in force.</summary>
    Refused,

    /// <summary>Nobody answered, or it had no effect.</summary>
    Failed,

    /// <summary>The stop is published, and every output has taken it.</summary>
    Stopped,

    /// <summary>The stop is in force, but not known to have reached the robot.</summary>
    NotStopped,

    /// <summary>The end of the stop is published.</summary>
    Resumed,

    /// <summary>A command was carried out.</summary>
    Told,
}

/// <summary>The answer to a line that an operator wrote.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="Text">The same in words, for a person.</param>
internal sealed record OperatorAnswer(OperatorAnswerKind Kind, string Text)
{
    /// <summary>The instruction that is in force because of it; null for anything else.</summary>
    public Instruction? Given { get; init; }

    /// <summary>
    /// What was published in answer to a stop or a resume; null where nothing was, and for anything else.
    /// </summary>
    public PublishedAction? Published { get; init; }

    /// <summary>Words that the policy's vocabulary lacks, where it was refused for them; otherwise empty.</summary>
    public IReadOnlyList<string> UnknownWords { get; init; } = [];

    /// <summary>What else there is to know of an instruction that was taken; empty for nothing.</summary>
    public string Note { get; init; } = "";
}
