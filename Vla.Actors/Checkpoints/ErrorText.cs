using System.Text.RegularExpressions;
using Vla.Sensors.Text;

namespace Vla.Actors.Checkpoints;

/// <summary>Cuts text that comes from a file or a library to what fits an error message of one line.</summary>
internal static partial class ErrorText
{
    private const int MaximumLength = 120;
    private const int MaximumReason = 300;

    /// <summary>At most 120 characters, without control characters.</summary>
    public static string Bounded(string text) => Cut(text, MaximumLength);

    /// <summary>The first line that says something.</summary>
    public static string FirstLine(string text) =>
        Bounded(
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault()
                ?? ""
        );

    /// <summary>
    /// What went wrong, in one line: without libtorch's native stack, and for an exported stage the error that its code
    /// raised instead of the interpreter's announcement of it.
    /// </summary>
    public static string Reason(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (
            lines is [var first, ..]
            && first.Contains("TorchScript interpreter", StringComparison.Ordinal)
            && Array.FindLast(lines, line => RaisedError().IsMatch(line)) is { } raised
        )
        {
            return Cut(raised, MaximumReason);
        }

        return Cut(string.Join(' ', lines.TakeWhile(line => !IsNativeStack(line))), MaximumReason);
    }

    private static bool IsNativeStack(string line) =>
        line.StartsWith("Exception raised from ", StringComparison.Ordinal)
        || line.StartsWith("frame #", StringComparison.Ordinal);

    private static string Cut(string text, int length) => OneLine.Of(text, length);

    /// <summary>Python's last line of a traceback: <c>RuntimeError: …</c>, <c>torch.jit.Error: …</c>.</summary>
    [GeneratedRegex(@"^[\w.]*Error: ")]
    private static partial Regex RaisedError();

    /// <summary>A list in one line: at most five items, then how many more there are.</summary>
    public static string List(IReadOnlyCollection<string> items)
    {
        const int shown = 5;
        var list = string.Join(", ", items.Take(shown).Select(Bounded));
        return items.Count > shown ? $"{list} and {items.Count - shown} more" : list;
    }
}
