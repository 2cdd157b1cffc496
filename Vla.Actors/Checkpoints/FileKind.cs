using System.Text;

namespace Vla.Actors.Checkpoints;

/// <summary>Says what a file is that stands in the place of weights and holds none that are read.</summary>
internal static class FileKind
{
    /// <summary>So much of a file's beginning is looked at.</summary>
    public const int BytesLookedAt = 512;

    private const int TarMark = 257;

    /// <param name="start">The file's first bytes, <see cref="BytesLookedAt"/> of them or all.</param>
    /// <returns>What it is and the mend; null when it is not known.</returns>
    public static string? Describe(ReadOnlySpan<byte> start)
    {
        var text = Encoding.UTF8.GetString(start).TrimStart('\ufeff', ' ', '\t', '\r', '\n');
        if (start.IsEmpty)
            return "is empty; copy or download it again";
        if (text.StartsWith("version https://git-lfs", StringComparison.Ordinal))
            return "is a Git LFS pointer and not the weights; fetch them with: git lfs pull";
        if (StartsWithAny(text, "<!doctype", "<html", "<?xml", "<head", "<error"))
            return "is a web page and not the weights; download the file itself, with what the server wants for it";
        if (text.StartsWith('{') && text.Contains("weight_map", StringComparison.Ordinal))
            return "is the index of weights that lie in several files; load them in Python and save them as one";
        if (IsJson(text))
            return "is JSON text and not weights";
        return Binary(start) ?? (IsText(start) ? "is a text file and not weights" : null);
    }

    private static string? Binary(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("GGUF"u8) || start.StartsWith("ggml"u8) || start.StartsWith("tjgg"u8))
            return Save("is a GGUF file, of llama.cpp");
        if (start.Length > 6 && start[1..].StartsWith("HDF\r\n"u8))
            return Save("is an HDF5 file, as Keras saves");
        if (start.Length > 6 && start[1..].StartsWith("NUMPY"u8))
            return Save("is a NumPy array");
        if (start.Length > 8 && start[4..].StartsWith("TFL3"u8))
            return Save("is a TensorFlow Lite model");
        if (IsOnnx(start))
            return Save("is an ONNX model");
        if (start.Length > TarMark + 5 && start[TarMark..].StartsWith("ustar"u8))
            return "is a tar archive; unpack it";
        return start switch
        {
            [0x1f, 0x8b, ..] => "is packed with gzip; unpack it",
            [0x28, 0xb5, 0x2f, 0xfd, ..] => "is packed with Zstandard; unpack it",
            [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..] => "is packed with xz; unpack it",
            [(byte)'B', (byte)'Z', (byte)'h', ..] => "is packed with bzip2; unpack it",
            [(byte)'7', (byte)'z', 0xbc, 0xaf, ..] => "is a 7z archive; unpack it",
            [(byte)'R', (byte)'a', (byte)'r', (byte)'!', ..] => "is a RAR archive; unpack it",
            [0x7f, (byte)'E', (byte)'L', (byte)'F', ..] or [(byte)'M', (byte)'Z', ..] => "is a program and not weights",
            [0x89, (byte)'P', (byte)'N', (byte)'G', ..] or [0xff, 0xd8, 0xff, ..] => "is a picture and not weights",
            [0x80, >= 2 and <= 5, ..] => Save("is a pickle, but not one that torch.save wrote"),
            _ => null,
        };
    }

    // A protobuf that begins with ir_version, 1 to 20, and goes on with another of its first fields.
    private static bool IsOnnx(ReadOnlySpan<byte> start) =>
        start is [0x08, >= 1 and <= 20, 0x12 or 0x1a or 0x22 or 0x2a or 0x32 or 0x3a or 0x42, ..];

    private static bool IsJson(string text)
    {
        if (text.Length < 2 || text[0] is not ('{' or '['))
            return false;
        var next = text.AsSpan(1).TrimStart();
        return next.IsEmpty
            || (
                text[0] == '{'
                    ? next[0] is '"' or '}' or '/'
                    : next[0] is '"' or '[' or '{' or ']' or '-' or (>= '0' and <= '9')
            );
    }

    // The last character may be cut in two.
    private static bool IsText(ReadOnlySpan<byte> start)
    {
        var text = Encoding.UTF8.GetString(start);
        return !text.Any(character => char.IsControl(character) && character is not ('\t' or '\r' or '\n'))
            && !text.AsSpan(0, text.Length - 1).Contains('\ufffd');
    }

    private static bool StartsWithAny(string text, params ReadOnlySpan<string> starts)
    {
        foreach (var start in starts)
        {
            if (text.StartsWith(start, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static string Save(string what) =>
        $"{what}; save the model's weights with torch.save(model.state_dict(), file), or as safetensors";
}
