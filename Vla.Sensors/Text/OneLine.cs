namespace Vla.Sensors.Text;

/// <summary>Makes text that comes from outside fit for a message of one line.</summary>
internal static class OneLine
{
    /// <summary>Without control characters and line separators: a space stands for each.</summary>
    public static string Of(string text) =>
        text.Any(IsBreak) ? string.Concat(text.Select(c => IsBreak(c) ? ' ' : c)) : text;

    /// <summary>The same, cut to so many characters.</summary>
    public static string Of(string text, int maximumLength) =>
        Of(text.Length > maximumLength ? text[..maximumLength] + "…" : text);

    private static bool IsBreak(char c) => char.IsControl(c) || c is '\u2028' or '\u2029';
}
