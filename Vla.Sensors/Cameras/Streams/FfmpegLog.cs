using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Vla.Sensors.Cameras.Streams;

/// <summary>
/// Follows what <c>ffmpeg</c> writes to standard error: what it says of each picture, and what it complains of.
/// </summary>
/// <remarks>
/// Its filter <c>showinfo</c> writes a line for each picture before the picture goes out: the camera's time of it, its
/// size as decoded, whether it stands alone. A decoder that complains gives its picture out all the same, and those
/// that build on it: what comes after a complaint is damaged until a picture that stands alone, or for
/// <see cref="DamagedSeconds"/> in streams that have none.
/// </remarks>
internal sealed partial class FfmpegLog
{
    private const double DamagedSeconds = 10;

    private readonly BlockingCollection<PictureNote> _notes = [];
    private bool _complained;
    private bool _damaged;
    private double _damagedUntil;
    private volatile string? _complaint;

    /// <summary>The last thing that it complained of; null when there was none.</summary>
    public string? Complaint => _complaint;

    /// <summary>Reads to the end.</summary>
    public void Follow(TextReader errors)
    {
        while (errors.ReadLine() is { } line)
            Add(line);
        _notes.CompleteAdding();
    }

    /// <summary>What was said of the next picture; null when it is not said in time.</summary>
    public PictureNote? Next(TimeSpan timeout) => _notes.TryTake(out var note, timeout) ? note : null;

    internal void Add(string line)
    {
        if (PictureLine().Match(line) is { Success: true } picture)
        {
            AddPicture(picture);
        }
        else if (ComplaintLine().Match(line) is { Success: true } complaint)
        {
            _complaint = complaint.Groups["text"].Value;
            _complained = true;
        }
    }

    private void AddPicture(Match picture)
    {
        var seconds = Number(picture, "seconds");
        var standsAlone = picture.Groups["key"].Value == "1";
        if (_complained)
            (_damaged, _damagedUntil) = (true, (seconds ?? 0) + DamagedSeconds);
        else if (standsAlone || seconds > _damagedUntil)
            _damaged = false;
        _complained = false;
        _notes.Add(new PictureNote(seconds, (int)Number(picture, "width")!, (int)Number(picture, "height")!, _damaged));
    }

    private static double? Number(Match match, string group) =>
        double.TryParse(match.Groups[group].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    [GeneratedRegex(
        @"Parsed_showinfo.* n: *\d+ pts: *\S+ pts_time:(?<seconds>\S+) "
            + @".* s:(?<width>\d{1,6})x(?<height>\d{1,6}) .*iskey:(?<key>\d)"
    )]
    private static partial Regex PictureLine();

    // "[h264 @ 0x55…] [error] error while decoding MB 3 4"; some losses are warnings only.
    [GeneratedRegex(
        @"\[(error|fatal|panic)\] (?<text>.+)|\[warning\] (?<text>.*(corrupt|RTP: missed).*)"
            + @"|\[info\] (?<text>concealing .+)"
    )]
    private static partial Regex ComplaintLine();
}

/// <summary>What ffmpeg says of a picture.</summary>
/// <param name="Seconds">When it was taken by the camera's clock; null when the stream does not say.</param>
/// <param name="Width">Width in pixels as decoded.</param>
/// <param name="Height">Height in pixels as decoded.</param>
/// <param name="IsDamaged">The decoder complained of it, or of one that it builds on.</param>
internal readonly record struct PictureNote(double? Seconds, int Width, int Height, bool IsDamaged);
