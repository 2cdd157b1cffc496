using System.Text;

namespace Vla.Actors.Instructions;

/// <summary>Checks an instruction's text before it goes anywhere.</summary>
public static class InstructionText
{
    /// <summary>Longest instruction, in characters.</summary>
    public const int MaximumLength = 1_000;

    /// <summary>Longest instruction as UTF-8, in bytes: nothing longer has to be read at all.</summary>
    public const int MaximumBytes = MaximumLength * 4;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

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
        if (utf8.Length > MaximumBytes)
        {
            instruction = "";
            problem = $"the instruction has over {MaximumBytes:N0} bytes: at most {MaximumLength:N0} characters are taken";
            return false;
        }

        try
        {
            return TryRead(Strict.GetString(utf8).TrimStart('\ufeff'), out instruction, out problem);
        }
        catch (DecoderFallbackException)
        {
            instruction = "";
            problem = "the instruction is not valid UTF-8: send plain UTF-8 text";
            return false;
        }
    }

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return true;
            i++;
        }

        return false;
    }
}
