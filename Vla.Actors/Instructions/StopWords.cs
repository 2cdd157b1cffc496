using System.Text;

namespace Vla.Actors.Instructions;

/// <summary>
/// Says whether words tell the robot to stop, so that they never wait for a policy that might not know them.
/// </summary>
/// <remarks>
/// <para>
/// Case, punctuation, accents, full-width letters, spaces between letters (<c>s t o p</c>) and repeated letters
/// (<c>stoooop</c>) do not matter, and neither do words such as "please", "now" or "robot" beside the stop word. Text
/// means stop when one of its parts between punctuation marks is nothing else ("stop", "no, stop!", "watch out! stop
/// the robot"), or when it begins with a stop word that no place or moment follows ("stop pushing the block").
/// </para>
/// <para>
/// "Stop at the red block" and "push the stop sign" are instructions: there the word is part of a task. In doubt the
/// robot stops: that costs a word to resume, the other way may cost more.
/// </para>
/// <para>Own code: tokenizers and language detectors know no list of words that stop a machine.</para>
/// </remarks>
internal static class StopWords
{
    /// <summary>No more of a text is looked at, in characters.</summary>
    private const int Looked = 4_000;

    /// <summary>Marks that end a part of a sentence.</summary>
    private const string EndsOfParts = ".,;:!?\n\r—–…()。、！？，；：¡¿\"|/";

    private static readonly HashSet<string> Fillers = Folded(StopPhrases.Fillers);
    private static readonly HashSet<string> PlacesAndMoments = Folded(StopPhrases.PlacesAndMoments);
    private static readonly HashSet<string> FoldedAlways = Folded(StopPhrases.Always);
    private static readonly HashSet<string> FoldedAll = Folded(StopPhrases.Always.Concat(StopPhrases.Alone));

    /// <summary>The words that stop, as people would write them: for help and documentation.</summary>
    public static string Examples => "stop, halt, freeze, wait, pause, abort, emergency stop, don't move";

    /// <summary>Whether a text, as somebody wrote it and before it is checked, tells the robot to stop.</summary>
    public static bool Mean(string text)
    {
        if (text.Length > Looked)
            text = text[..Looked];
        var parts = Parts(text).Select(Tokens).Where(tokens => tokens.Count > 0).ToList();
        if (parts.Count == 0)
            return false;
        // Marks may also stand within a word or a phrase: s.t.o.p., "emergency: stop".
        return IsStop([.. parts.SelectMany(part => part)], FoldedAll)
            || parts.Any(part => IsStop(part, FoldedAlways))
            || BeginsWithStop(parts[0]);
    }

    /// <summary>Whether a stop word stands somewhere in a text that does not mean stop as a whole.</summary>
    public static bool AreMentioned(string text) => Tokens(text).Any(FoldedAlways.Contains);

    private static bool IsStop(List<string> tokens, HashSet<string> stops)
    {
        if (stops.Contains(string.Join(' ', tokens)) || stops.Contains(string.Concat(tokens)))
            return true;
        var rest = tokens.Where(token => !Fillers.Contains(token)).ToList();
        return rest.Count > 0 && IsRowOfStops(rest, stops);
    }

    /// <summary>"stop stop stop", "halt, emergency stop": one phrase after another and nothing left.</summary>
    private static bool IsRowOfStops(List<string> tokens, HashSet<string> stops)
    {
        const int longest = 4;
        for (var at = 0; at < tokens.Count; )
        {
            var length = Math.Min(longest, tokens.Count - at);
            while (length > 0 && !stops.Contains(string.Join(' ', tokens.GetRange(at, length))))
                length--;
            if (length == 0)
                return false;
            at += length;
        }

        return true;
    }

    private static bool BeginsWithStop(List<string> tokens)
    {
        const int longest = 3;
        var rest = tokens.SkipWhile(token => !FoldedAlways.Contains(token) && Fillers.Contains(token)).ToList();
        for (var length = Math.Min(longest, rest.Count - 1); length > 0; length--)
        {
            if (FoldedAlways.Contains(string.Join(' ', rest.GetRange(0, length))))
                return !PlacesAndMoments.Contains(rest[length]);
        }

        return false;
    }

    /// <summary>What stands between <see cref="EndsOfParts"/>.</summary>
    private static string[] Parts(string text) =>
        text.Split(EndsOfParts.ToCharArray(), StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The words of a text: folded, single letters put together, runs of one letter made one.</summary>
    private static List<string> Tokens(string text)
    {
        var words = PlainLetters.Of(text).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var tokens = new List<string>();
        var letters = new StringBuilder();
        foreach (var word in words)
        {
            if (word.Length == 1 && char.IsAsciiLetter(word[0]))
            {
                letters.Append(word);
                continue;
            }

            EndLetters();
            tokens.Add(PlainLetters.WithoutRuns(word));
        }

        EndLetters();
        return tokens;

        void EndLetters()
        {
            if (letters.Length == 0)
                return;
            var spelled = PlainLetters.WithoutRuns(letters.ToString());
            // Only whole words are spelled: "a" stays an article.
            if (letters.Length > 2)
                tokens.Add(spelled);
            else
                tokens.AddRange(letters.ToString().Select(letter => letter.ToString()));
            letters.Clear();
        }
    }

    private static HashSet<string> Folded(IEnumerable<string> phrases) =>
        phrases
            .SelectMany(phrase => (string[])[string.Join(' ', Tokens(phrase)), string.Concat(Tokens(phrase))])
            .ToHashSet(StringComparer.Ordinal);
}
