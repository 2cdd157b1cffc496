using System.Text;
using System.Text.RegularExpressions;

namespace Vla.Actors.Policies.Tokenizing;

/// <summary>
/// How a <c>tokenizer.json</c> splits a text into words before pairs are made: its <c>pre_tokenizer</c>.
/// </summary>
internal static partial class TextSplitting
{
    /// <exception cref="PolicyException">It is of a type that is not known here.</exception>
    public static Func<string, IEnumerable<string>> Of(TokenizerPart? part)
    {
        switch (part?.Type)
        {
            case null:
                return text => text.Length > 0 ? [text] : [];
            case "Sequence":
                Func<string, IEnumerable<string>>[] all = [.. part.Items("pretokenizers").Select(Of)];
                return text => all.Aggregate(Whole(text), (words, next) => words.SelectMany(next));
            case "ByteLevel":
                var (space, usesWords) = (part.Flag("add_prefix_space", true), part.Flag("use_regex", true));
                return text => ByteLevel(text, space, usesWords);
            case "Digits":
                var digits = part.Flag("individual_digits") ? OneDigit() : Digits();
                return text => Apart(text, digits, "Isolated", isInverted: false);
            case "Punctuation":
                var marks = part.OptionalText("behavior") ?? "Isolated";
                return text => Apart(text, Mark(), marks, isInverted: false);
            case "Whitespace":
                return text => WordsOrMarks().Matches(text).Select(match => match.Value);
            case "WhitespaceSplit":
                return text => Apart(text, Space(), "Removed", isInverted: false);
            case "Split":
                var (pattern, behaviour) = (part.Pattern(), part.Required("behavior").Text());
                var isInverted = part.Flag("invert");
                if (
                    behaviour
                    is not ("Removed" or "Isolated" or "MergedWithPrevious" or "MergedWithNext" or "Contiguous")
                )
                    throw new PolicyException($"{part.File}: {part.Place}.behavior is not known here");
                return text => Apart(text, pattern, behaviour, isInverted);
            case "Metaspace":
                return Metaspace(part);
            default:
                throw part.Unknown();
        }
    }

    private static Func<string, IEnumerable<string>> Metaspace(TokenizerPart part)
    {
        var mark = part.OptionalText("replacement") ?? "▁";
        var scheme = part.OptionalText("prepend_scheme") ?? (part.Flag("add_prefix_space", true) ? "always" : "never");
        var (prepends, splits) = (scheme != "never", part.Flag("split", true));
        var word = new Regex(Regex.Escape(mark), RegexOptions.CultureInvariant);
        return text =>
        {
            text = text.Replace(" ", mark, StringComparison.Ordinal);
            if (prepends && text.Length > 0 && !text.StartsWith(mark, StringComparison.Ordinal))
                text = mark + text;
            return splits ? Apart(text, word, "MergedWithNext", isInverted: false) : Whole(text);
        };
    }

    private static IEnumerable<string> Whole(string text) => text.Length > 0 ? [text] : [];

    /// <summary>Each byte becomes a letter that can be seen, as GPT-2 has it.</summary>
    private static IEnumerable<string> ByteLevel(string text, bool space, bool usesWords)
    {
        if (space && text.Length > 0 && text[0] != ' ')
            text = " " + text;
        var words = usesWords ? Gpt2Words().Matches(text).Select(match => match.Value) : Whole(text);
        return words.Select(word => string.Concat(Encoding.UTF8.GetBytes(word).Select(one => LetterOfByte[one])));
    }

    private static IEnumerable<string> Apart(string text, Regex pattern, string behaviour, bool isInverted)
    {
        var pieces = new List<(string Text, bool Matched)>();
        var from = 0;
        foreach (Match match in pattern.Matches(text))
        {
            if (match.Length == 0)
                continue;
            if (match.Index > from)
                pieces.Add((text[from..match.Index], isInverted));
            pieces.Add((match.Value, !isInverted));
            from = match.Index + match.Length;
        }

        if (from < text.Length)
            pieces.Add((text[from..], isInverted));
        return behaviour switch
        {
            "Removed" => pieces.Where(piece => !piece.Matched).Select(piece => piece.Text),
            "MergedWithPrevious" => Merged(pieces, withNext: false),
            "MergedWithNext" => Merged(pieces, withNext: true),
            "Contiguous" => Contiguous(pieces),
            _ => pieces.Select(piece => piece.Text),
        };
    }

    private static List<string> Merged(List<(string Text, bool Matched)> pieces, bool withNext)
    {
        var words = new List<string>();
        var waiting = "";
        for (var i = 0; i < pieces.Count; i++)
        {
            var (text, matched) = pieces[i];
            if (withNext && matched && i + 1 < pieces.Count && !pieces[i + 1].Matched)
            {
                waiting = text;
            }
            else if (!withNext && matched && words.Count > 0 && i > 0 && !pieces[i - 1].Matched)
            {
                words[^1] += text;
            }
            else
            {
                words.Add(waiting + text);
                waiting = "";
            }
        }

        return words;
    }

    private static List<string> Contiguous(List<(string Text, bool Matched)> pieces)
    {
        var words = new List<string>();
        for (var i = 0; i < pieces.Count; i++)
        {
            if (i > 0 && pieces[i].Matched == pieces[i - 1].Matched)
                words[^1] += pieces[i].Text;
            else
                words.Add(pieces[i].Text);
        }

        return words;
    }

    private static char[] LetterOfByte { get; } = Letters();

    // Those that can be seen stand for themselves, the others for letters from 256 on.
    private static char[] Letters()
    {
        var letters = new char[256];
        var next = 256;
        for (var i = 0; i < letters.Length; i++)
            letters[i] = i is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF)
                ? (char)i
                : (char)next++;
        return letters;
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Gpt2Words();

    [GeneratedRegex(@"\p{N}")]
    private static partial Regex OneDigit();

    [GeneratedRegex(@"\p{N}+")]
    private static partial Regex Digits();

    [GeneratedRegex(@"[\p{P}!-/:-@\[-`{-~]")]
    private static partial Regex Mark();

    [GeneratedRegex(@"\s")]
    private static partial Regex Space();

    [GeneratedRegex(@"\w+|[^\w\s]+")]
    private static partial Regex WordsOrMarks();
}
