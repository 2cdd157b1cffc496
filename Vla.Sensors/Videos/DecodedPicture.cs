using System.Buffers.Text;

namespace Vla.Sensors.Videos;

/// <summary>What <c>ffmpeg</c>'s filter <c>showinfo</c> says of each decoded picture: its time and size.</summary>
/// <param name="Seconds">Its time in the file; NaN when it has none.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
internal readonly record struct DecodedPicture(double Seconds, int Width, int Height)
{
    private const int LongestNumber = 20;

    /// <summary>
    /// Reads a line's time base, in which the times of later lines count, seconds; null when it has none.
    /// </summary>
    public static double? TimeBase(ReadOnlySpan<byte> line) =>
        IsFilter(line)
        && Number(line, "config in time_base: "u8, out var rest) is { } count
        && rest.StartsWith("/"u8)
        && Number(rest, "/"u8, out _) is { } parts
        && parts > 0
            ? (double)count / parts
            : null;

    /// <summary>Reads a picture's line; null when it is another.</summary>
    public static DecodedPicture? Parse(ReadOnlySpan<byte> line, double timeBase)
    {
        if (!IsFilter(line) || line.IndexOf(" pts:"u8) < 0)
            return null;
        if (
            Number(line, " s:"u8, out var rest) is not { } width
            || !rest.StartsWith("x"u8)
            || Number(rest, "x"u8, out _) is not { } height
        )
            return null;
        var pts = Number(line, " pts:"u8, out _);
        return new DecodedPicture(pts is { } count ? count * timeBase : double.NaN, (int)width, (int)height);
    }

    private static bool IsFilter(ReadOnlySpan<byte> line) => line.StartsWith("[Parsed_showinfo_"u8);

    /// <summary>The whole number after some words; null when there is none.</summary>
    private static long? Number(ReadOnlySpan<byte> line, ReadOnlySpan<byte> after, out ReadOnlySpan<byte> rest)
    {
        rest = default;
        var at = line.IndexOf(after);
        if (at < 0)
            return null;
        var text = line[(at + after.Length)..].TrimStart((byte)' ');
        if (!Utf8Parser.TryParse(text[..Math.Min(text.Length, LongestNumber)], out long number, out var used))
            return null;
        rest = text[used..];
        return number;
    }
}
