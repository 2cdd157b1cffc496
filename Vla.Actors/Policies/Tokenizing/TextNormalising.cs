using System.Globalization;
using System.Text;

namespace Vla.Actors.Policies.Tokenizing;

/// <summary>What a <c>tokenizer.json</c> does to a text before it is split: its <c>normalizer</c>.</summary>
internal static class TextNormalising
{
    /// <exception cref="PolicyException">It is of a type that is not known here.</exception>
    public static Func<string, string> Of(TokenizerPart? part)
    {
        switch (part?.Type)
        {
            case null:
                return text => text;
            case "Sequence":
                Func<string, string>[] all = [.. part.Items("normalizers").Select(Of)];
                return text => all.Aggregate(text, (so, next) => next(so));
            case "Prepend":
                var before = part.Required("prepend").Text();
                return text => text.Length > 0 ? before + text : text;
            case "Replace":
                var (pattern, content) = (part.Pattern(), part.Required("content").Text());
                return text => pattern.Replace(text, _ => content);
            case "Lowercase":
                return text => text.ToLowerInvariant();
            case "Strip":
                var (left, right) = (part.Flag("strip_left", true), part.Flag("strip_right", true));
                return text =>
                {
                    text = left ? text.TrimStart() : text;
                    return right ? text.TrimEnd() : text;
                };
            case "StripAccents":
                return WithoutMarks;
            case "NFC":
                return text => text.Normalize(NormalizationForm.FormC);
            case "NFD":
                return text => text.Normalize(NormalizationForm.FormD);
            case "NFKC":
                return text => text.Normalize(NormalizationForm.FormKC);
            case "NFKD":
                return text => text.Normalize(NormalizationForm.FormKD);
            default:
                throw part.Unknown();
        }
    }

    private static string WithoutMarks(string text) =>
        string.Concat(
            text.Where(letter => CharUnicodeInfo.GetUnicodeCategory(letter) != UnicodeCategory.NonSpacingMark)
        );
}
