using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Vla.Sensors.Text;

/// <summary>
/// A file is not the text that it should be: not UTF-8, too large, or no file at all. The message says what it is and
/// the mend.
/// </summary>
/// <remarks>
/// An <see cref="IOException"/>, so that whoever says "FILE cannot be read" says this as well; the caller names the
/// file.
/// </remarks>
internal sealed class TextFileException(string message) : IOException(message);

/// <summary>Reads text files: all that Vla reads is UTF-8, with or without a byte order mark, and small.</summary>
/// <remarks>
/// .NET's own readers put U+FFFD in the place of bytes that are not UTF-8 and go on, so that a name or a unit changes
/// without anybody noticing; they take a byte order mark in some places and not in others.
/// </remarks>
internal static class Utf8Text
{
    /// <summary>Far more than any settings, profile or configuration takes.</summary>
    public const int DefaultMaximumBytes = 16 << 20;

    private static ReadOnlySpan<byte> Mark => [0xef, 0xbb, 0xbf];

    /// <summary>The text of a file, without a byte order mark.</summary>
    /// <inheritdoc cref="ReadBytes"/>
    public static string Read(string path, int maximumBytes = DefaultMaximumBytes) =>
        Encoding.UTF8.GetString(ReadBytes(path, maximumBytes).Span);

    /// <summary>
    /// The lines of a file, without a byte order mark; they end with a line feed, with or without carriage return.
    /// </summary>
    /// <inheritdoc cref="ReadBytes"/>
    public static string[] ReadLines(string path, int maximumBytes = DefaultMaximumBytes)
    {
        using var reader = new StringReader(Read(path, maximumBytes));
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
            lines.Add(line);
        return [.. lines];
    }

    /// <summary>The bytes of a file, which are UTF-8, without a byte order mark.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maximumBytes">Most that is read.</param>
    /// <exception cref="TextFileException">It is no UTF-8 text; the message has the first wrong byte and where it
    /// is.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static ReadOnlyMemory<byte> ReadBytes(string path, int maximumBytes = DefaultMaximumBytes)
    {
        if (Directory.Exists(path))
            throw new TextFileException("it is a directory, not a file");
        return WaitingFile.Read(path, () => ReadNow(path, maximumBytes));
    }

    /// <summary>Checks that bytes are UTF-8.</summary>
    /// <returns>The same without a byte order mark.</returns>
    /// <exception cref="TextFileException">They are not; see <see cref="ReadBytes"/>.</exception>
    public static ReadOnlyMemory<byte> Check(ReadOnlyMemory<byte> bytes)
    {
        if (WideEncoding(bytes.Span) is { } wide)
            throw new TextFileException($"it is {wide} text, as some Windows programs save it; save it as UTF-8");
        if (!Utf8.IsValid(bytes.Span))
            throw new TextFileException(FirstWrong(bytes.Span));
        return bytes.Span.StartsWith(Mark) ? bytes[Mark.Length..] : bytes;
    }

    // By its mark, or by what text of mostly ASCII looks like: every second byte is zero, which no UTF-8 text has.
    private static ReadOnlyMemory<byte> ReadNow(string path, int maximumBytes)
    {
        using var file = new FileStream(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 0
        );
        // A device or a pipe has no length: what is too much shows only when it is there.
        using var content = new MemoryStream();
        var buffer = new byte[64 << 10];
        int count;
        while ((count = file.Read(buffer)) > 0)
        {
            content.Write(buffer, 0, count);
            if (content.Length > maximumBytes)
                throw new TextFileException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"it has more than {maximumBytes:N0} bytes, the most that is read"
                    )
                );
        }

        return Check(content.GetBuffer().AsMemory(0, (int)content.Length));
    }

    private static string? WideEncoding(ReadOnlySpan<byte> bytes) =>
        bytes switch
        {
            [0xff, 0xfe, 0, 0, ..] or [0, 0, 0xfe, 0xff, ..] or [not 0, 0, 0, 0, ..] or [0, 0, 0, not 0, ..] =>
                "UTF-32",
            [0xff, 0xfe, ..] or [0xfe, 0xff, ..] or [not 0, 0, not 0, 0, ..] or [0, not 0, 0, not 0, ..] => "UTF-16",
            _ => null,
        };

    private static string FirstWrong(ReadOnlySpan<byte> bytes)
    {
        var offset = 0;
        while (Rune.DecodeFromUtf8(bytes[offset..], out _, out var length) == System.Buffers.OperationStatus.Done)
            offset += length;
        var line = bytes[..offset].Count((byte)'\n') + 1;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"it is not UTF-8: byte 0x{bytes[offset]:x2} at offset {offset} (line {line}) belongs to no character; "
                + $"save it as UTF-8"
        );
    }
}
