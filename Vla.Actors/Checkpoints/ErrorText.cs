namespace Vla.Actors.Checkpoints;

/// <summary>Cuts text that comes from a file or a library to what fits an error message of one line.</summary>
internal static class ErrorText
{
    private const int MaximumLength = 120;

    /// <summary>At most 120 characters, without control characters.</summary>
    public static string Bounded(string text)
    {
        var cut = text.Length > MaximumLength ? text[..MaximumLength] + "…" : text;
        return string.Concat(cut.Select(c => char.IsControl(c) ? ' ' : c));
    }

    /// <summary>The first line that says something.</summary>
    public static string FirstLine(string text)
        => Bounded(text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? "");

    /// <summary>A list in one line: at most five items, then how many more there are.</summary>
    public static string List(IReadOnlyCollection<string> items)
    {
        const int shown = 5;
        var list = string.Join(", ", items.Take(shown).Select(Bounded));
        return items.Count > shown ? $"{list} and {items.Count - shown} more" : list;
    }
}
