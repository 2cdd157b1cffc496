using System.Globalization;
using Vla.Sensors.Cameras.V4L2;

namespace Vla.Sensors.Cameras;

/// <summary>Lists the video devices of this machine, as Video4Linux describes them.</summary>
public static class VideoDevices
{
    private const string Prefix = "video";

    /// <summary>True where devices can be listed: on Linux.</summary>
    public static bool CanList => OperatingSystem.IsLinux();

    /// <summary>Every <c>video*</c> device in order of its number; empty when there is none or not on Linux.</summary>
    /// <remarks>A webcam often brings several: one with pictures, others with metadata only.</remarks>
    public static IReadOnlyList<VideoDevice> List(string directory = "/dev")
    {
        if (!CanList || !Directory.Exists(directory))
            return [];
        return
        [
            .. Directory
                .EnumerateFiles(directory, Prefix + "*")
                .Select(path => (Path: path, Number: Number(path)))
                .Where(device => device.Number is not null)
                .OrderBy(device => device.Number)
                .Select(device => Inspect(device.Path)),
        ];
    }

    /// <summary>
    /// Asks one device what it is; what keeps it from answering is in <see cref="VideoDevice.Problem"/>.
    /// </summary>
    public static VideoDevice Inspect(string path)
    {
        using var device = V4L2Device.TryOpen(path, out var problem);
        return device?.Describe() ?? new VideoDevice(path, "", "", "", CanCapture: false, [], problem);
    }

    private static int? Number(string path) =>
        int.TryParse(
            Path.GetFileName(path.AsSpan())[Prefix.Length..],
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var number
        )
            ? number
            : null;
}

/// <summary>A video device.</summary>
/// <param name="Path"><c>/dev/video0</c></param>
/// <param name="Name">What its maker calls it: <c>HD Webcam C525</c>.</param>
/// <param name="Driver">The kernel driver: <c>uvcvideo</c>.</param>
/// <param name="Bus">Where it is plugged in: <c>usb-0000:00:14.0-1</c>.</param>
/// <param name="CanCapture">True when it gives pictures.</param>
/// <param name="Formats">How it can give pictures.</param>
/// <param name="Problem">Why it could not be asked, and the mend; null when it could.</param>
public sealed record VideoDevice(
    string Path,
    string Name,
    string Driver,
    string Bus,
    bool CanCapture,
    IReadOnlyList<VideoFormat> Formats,
    string? Problem = null
);

/// <summary>A pixel format.</summary>
/// <param name="Code">Four characters: <c>MJPG</c>, <c>YUYV</c>.</param>
/// <param name="Description">In words: <c>Motion-JPEG</c>.</param>
/// <param name="Sizes">Picture sizes in this format.</param>
public sealed record VideoFormat(string Code, string Description, IReadOnlyList<VideoSize> Sizes);

/// <summary>A picture size in pixels, or a range of sizes when the maximum differs.</summary>
/// <param name="Width">Width, or the smallest one.</param>
/// <param name="Height">Height, or the smallest one.</param>
/// <param name="MaximumWidth">The largest width.</param>
/// <param name="MaximumHeight">The largest height.</param>
/// <param name="Fps">Pictures a second that it can be had at, highest first; a range has its two ends.</param>
public sealed record VideoSize(int Width, int Height, int MaximumWidth, int MaximumHeight, IReadOnlyList<double> Fps)
{
    /// <inheritdoc/>
    public override string ToString() =>
        (Width, Height) == (MaximumWidth, MaximumHeight)
            ? $"{Width}x{Height}"
            : $"{Width}x{Height} to {MaximumWidth}x{MaximumHeight}";
}
