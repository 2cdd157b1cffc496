namespace Vla.Actors.Policies;

/// <summary>What a policy's vocabulary makes of an instruction.</summary>
/// <param name="Text">The instruction.</param>
/// <param name="Ids">Its token ids without padding; more than <paramref name="Limit"/> when it is too long.</param>
/// <param name="Known">How many of its words the vocabulary has, punctuation aside.</param>
/// <param name="Unknown">The words it lacks, as written, each once; empty when it has all.</param>
/// <param name="Limit">Most token ids that the policy reads.</param>
/// <param name="Fitting">So many characters of the text fit within the limit.</param>
public sealed record InstructionWords(
    string Text,
    IReadOnlyList<int> Ids,
    int Known,
    IReadOnlyList<string> Unknown,
    int Limit,
    int Fitting
)
{
    /// <summary>Longest part of the text that a message repeats, characters.</summary>
    private const int Repeated = 200;

    /// <summary>Why it is too long for the policy, with how much would fit; null when it is not.</summary>
    public string? TooLong =>
        Ids.Count <= Limit
            ? null
            : $"the instruction is too long for the policy: it has {Ids.Count} tokens (words, parts of words, "
                + $"marks), and {Limit} are read, "
                + $"as far as \"{Bounded(Text[..Fitting])}\": say it in fewer words";

    /// <summary>
    /// Why the policy can make nothing of it, for one that takes whole sentences; null for what follows from the words.
    /// </summary>
    public string? WhyNone { get; init; }

    /// <summary>Why the policy can make nothing of it; null when it knows at least one of the words.</summary>
    public string? NoneKnown =>
        Known > 0 ? null
        : WhyNone is not null ? WhyNone
        : Unknown.Count == 0 ? "the instruction has no words: say what the robot shall do"
        : $"the policy knows none of these words: {Quoted(Unknown)}; {InstructionTokenizer.VocabularyHint}";

    /// <summary>The words that the vocabulary lacks, as a sentence about them says them.</summary>
    public static string Quoted(IEnumerable<string> words)
    {
        const int most = 12;
        var list = words.ToList();
        var said = string.Join(", ", list.Take(most).Select(word => $"\"{Bounded(word)}\""));
        return list.Count > most ? $"{said} and {list.Count - most} more" : said;
    }

    private static string Bounded(string text) => text.Length <= Repeated ? text : "…" + text[^Repeated..];
}
