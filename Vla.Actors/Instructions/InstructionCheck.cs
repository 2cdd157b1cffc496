using Vla.Actors.Policies;

namespace Vla.Actors.Instructions;

/// <summary>Everything that is asked of a text before it becomes the instruction in force.</summary>
public sealed class InstructionCheck
{
    /// <summary>Why the robot is stopped after words that mean stop.</summary>
    public const string StopReason = "stopped by an operator";

    /// <summary>What to do instead of saying these words, alone, to the policy.</summary>
    private static readonly Dictionary<string, string> Commands = new(StringComparer.OrdinalIgnoreCase)
    {
        ["resume"] = Resume,
        ["continue"] = Resume,
        ["go on"] = Resume,
        ["carry on"] = Resume,
        ["proceed"] = Resume,
        ["unpause"] = Resume,
        ["unfreeze"] = Resume,
        ["go"] = Resume,
        ["help"] = "type /help at the prompt",
        ["quit"] = Quit,
        ["exit"] = Quit,
        ["bye"] = Quit,
        ["logout"] = Quit,
        ["shutdown"] = Quit,
        ["shut down"] = Quit,
    };

    /// <summary>What is said to whoever gives an instruction to a policy that takes none.</summary>
    public const string NoWords = "the policy takes no words: it does the same whatever is said";

    private const string Resume = "to go on after a stop type /resume at the prompt, or send POST /resume";
    private const string Quit =
        "to end the program type /quit at the prompt, or press Ctrl-C; to stop the robot say stop";

    /// <summary>What the policy's vocabulary makes of a text; null for a policy that reads no words.</summary>
    public Func<string, InstructionWords?> Words { get; init; } = _ => null;

    /// <summary>Whether what the policy does depends on an instruction.</summary>
    public bool TakesWords { get; init; } = true;

    /// <summary>What the scene says of words that are about it; null where nobody knows the scene.</summary>
    public Func<string, SceneAnswer>? Scene { get; init; }

    /// <summary>Stops the robot, for a reason.</summary>
    public Action<string> Stop { get; init; } = _ => { };

    /// <summary>Whether the robot is stopped until it is resumed.</summary>
    public Func<bool> NeedsResume { get; init; } = () => false;

    /// <summary>Decides what a text is. Safe from any thread; changes nothing.</summary>
    public CheckedInstruction Read(string text)
    {
        if (StopWords.Mean(text))
            return new CheckedInstruction { IsStop = true };
        if (!InstructionText.TryRead(text, out var instruction, out var problem))
            return Refuse(problem);
        if (instruction.StartsWith('/'))
            return Refuse(
                $"'{instruction.Split(' ')[0]}' is a command, not an instruction: type /help at the prompt to see them"
            );
        if (Commands.TryGetValue(instruction.Trim('.', '!', '?', ' '), out var mend))
            return Refuse($"'{instruction}' is not an instruction: {mend}");

        // A thing that is not there is named as such, even if the policy does not know its name either.
        var scene = Scene?.Invoke(instruction) ?? SceneAnswer.Fine;
        var words = Words(instruction);
        var unknown = words?.Unknown ?? [];
        if ((words?.TooLong ?? (scene.Problem.Length > 0 ? scene.Problem : words?.NoneKnown)) is { } wrong)
            return Refuse(wrong) with { UnknownWords = unknown };

        return new CheckedInstruction
        {
            Text = instruction,
            UnknownWords = unknown,
            Note = string.Join("; ", Notes(instruction, unknown, scene)),
        };
    }

    /// <summary>Says which words of an instruction the policy's vocabulary lacks.</summary>
    public static string Unknown(IReadOnlyList<string> words) =>
        $"the policy does not know {InstructionWords.Quoted(words)} and acts on the other words";

    private IEnumerable<string> Notes(string instruction, IReadOnlyList<string> unknown, SceneAnswer scene)
    {
        if (!TakesWords)
            yield return NoWords;
        if (unknown.Count > 0)
            yield return Unknown(unknown);
        if (scene.Note.Length > 0)
            yield return scene.Note;
        if (StopWords.AreMentioned(instruction))
            yield return "taken as a task, not as a stop: to stop the robot say stop and nothing else";
        if (NeedsResume())
            yield return "the robot is stopped, and stays so until it is resumed (/resume)";
    }

    private static CheckedInstruction Refuse(string problem) => new() { Problem = problem };
}

/// <summary>What a text turned out to be: a stop, refused, or an instruction.</summary>
public sealed record CheckedInstruction
{
    /// <summary>True when the words mean stop; nothing else is said then.</summary>
    public bool IsStop { get; init; }

    /// <summary>Why it is refused, with the mend; empty when it is not.</summary>
    public string Problem { get; init; } = "";

    /// <summary>The text to use; empty when it is refused or a stop.</summary>
    public string Text { get; init; } = "";

    /// <summary>Words that the policy's vocabulary lacks.</summary>
    public IReadOnlyList<string> UnknownWords { get; init; } = [];

    /// <summary>What else the giver should know; empty for nothing.</summary>
    public string Note { get; init; } = "";
}

/// <summary>What a scene says of words that are about it.</summary>
/// <param name="Problem">Why they cannot be followed: a thing is not there; empty when they can.</param>
/// <param name="Note">What may be misunderstood; empty for nothing.</param>
public sealed record SceneAnswer(string Problem, string Note)
{
    /// <summary>Nothing to say.</summary>
    public static SceneAnswer Fine { get; } = new("", "");
}
