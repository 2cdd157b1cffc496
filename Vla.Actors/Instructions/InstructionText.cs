using System.Text;
using System.Text.Unicode;

namespace Vla.Actors.Instructions;

/// <summary>Checks an instruction's text before it goes anywhere.</summary>
internal static class InstructionText
{
    /// <summary>Longest instruction, in characters.</summary>
    public const int MaximumLength = 1_000;

    /// <summary>Longest instruction as UTF-8, in bytes: nothing longer has to be read at all.</summary>
    public const int MaximumBytes = MaximumLength * 4;

    /// <summary>Trims and checks a text.</summary>
    /// <param name="text">What somebody wrote.</param>
    /// <param name="instruction">The text to use; empty when refused.</param>
    /// <param name="problem">Why it is refused, with the mend; empty when it is fine.</param>
    public static bool TryRead(string text, out string instruction, out string problem)
    {
        instruction = text.Trim();
        problem = instruction switch
        {
            "" => "the instruction is empty: say what the robot shall do",
            { Length: > MaximumLength } =>
                $"the instruction has {instruction.Length:N0} characters: at most {MaximumLength:N0} are taken",
            _ when instruction.Any(c => char.IsControl(c) && c is not ('\t' or '\n' or '\r')) =>
                "the instruction holds control characters: send plain text",
            _ when HasLoneSurrogate(instruction) => "the instruction is not valid Unicode: send plain UTF-8 text",
            _ => "",
        };
        instruction = problem.Length == 0 ? instruction.ReplaceLineEndings(" ") : "";
        return problem.Length == 0;
    }

    /// <summary>Decodes UTF-8 and checks the text.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, out string instruction, out string problem)
    {
        if (TryDecode(utf8, out var text, out problem))
            return TryRead(text, out instruction, out problem);
        instruction = "";
        return false;
    }

    /// <summary>Decodes UTF-8.</summary>
    /// <param name="utf8">What somebody wrote.</param>
    /// <param name="text">The text; when it is refused, as much of it as can be read, for whoever looks for a stop in
    /// it.</param>
    /// <param name="problem">Why it is refused, with the mend; empty when it is fine.</param>
    public static bool TryDecode(ReadOnlySpan<byte> utf8, out string text, out string problem)
    {
        text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MaximumBytes)]).TrimStart('\ufeff');
        problem =
            utf8.Length > MaximumBytes
                ? $"the instruction has over {MaximumBytes:N0} bytes: at most {MaximumLength:N0} characters are taken"
            : Utf8.IsValid(utf8) ? ""
            : "the instruction is not valid UTF-8: send plain UTF-8 text";
        return problem.Length == 0;
    }

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return true;
            i++;
        }

        return false;
    }
}
