using System.Text;
using Vla.Sensors.Text;

namespace Vla.Actors.Policies.Remote;

/// <summary>
/// What a server's error says in one line: of Python's traceback the last line, which names the error; where it does
/// not say it, as asserts do not, the line of code above it too.
/// </summary>
internal static class ServerError
{
    /// <summary>Bytes of a text that are looked at, from its end.</summary>
    private const int LookedAt = 16 * 1024;

    private const int Shown = 300;

    public static string Line(ReadOnlySpan<byte> text) =>
        Line(Encoding.UTF8.GetString(text[Math.Max(0, text.Length - LookedAt)..]));

    public static string Line(string text)
    {
        var end = text[Math.Max(0, text.Length - LookedAt)..];
        var lines = end.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines switch
        {
            [] => "failed, and did not say why",
            [.., var code, var error] when !error.Contains(':', StringComparison.Ordinal) =>
                $"failed: {OneLine.Of(error, Shown / 2)} ({OneLine.Of(code, Shown / 2)})",
            [.., var error] => $"failed: {OneLine.Of(error, Shown)}",
        };
    }
}
