using System.Globalization;
using Vla.Sensors.Simulation;

namespace Vla.Sensors.Cameras;

/// <summary>Where pictures come from, as given to <c>--camera</c>.</summary>
/// <remarks>
/// Options follow a <c>?</c>, joined by <c>&amp;</c>: <c>0?size=1280x720&amp;fps=30</c>. Everything after the <c>?</c> of
/// a URL belongs to the server.
/// </remarks>
public abstract record CameraSource
{
    public const string Possible =
        "'world', 'synthetic', a device ('0', '/dev/video0'), a video file ('demo.mp4?loop') or a URL (http, https, rtsp, rtsps)";

    private CameraSource()
    {
    }

    /// <summary>What to call it in messages; shows no password.</summary>
    public abstract string Name { get; }

    public sealed override string ToString() => Name;

    /// <summary>A drawn, moving scene.</summary>
    /// <param name="Width">Picture width in pixels.</param>
    /// <param name="Height">Picture height in pixels.</param>
    /// <param name="Fps">Pictures a second, 1 to 1,000.</param>
    public sealed record Synthetic(int Width = 640, int Height = 480, double Fps = 30) : CameraSource
    {
        public override string Name => "synthetic";
    }

    /// <summary>The simulated tabletop.</summary>
    /// <param name="Width">Picture width in pixels.</param>
    /// <param name="Height">Picture height in pixels.</param>
    /// <param name="Fps">Pictures a second, 1 to 1,000.</param>
    public sealed record TabletopWorld(int Width = 640, int Height = 480, double Fps = 30) : CameraSource
    {
        public override string Name => "world";

        /// <summary>A camera that films a world which others may act in.</summary>
        public ICamera Open(LiveWorld world, TimeProvider time)
        {
            OpenCvNative.EnsureLoaded();
            return new WorldCamera(world, Width, Height, Fps, time);
        }
    }

    /// <summary>A webcam.</summary>
    /// <param name="Path"><c>/dev/video0</c>, or a name that lasts such as <c>/dev/v4l/by-id/…</c>; a bare number elsewhere than on Linux.</param>
    /// <param name="Size">Wanted picture size in pixels; null for 640×480 or what the device prefers.</param>
    /// <param name="Fps">Wanted pictures a second; null for what the device prefers.</param>
    public sealed record Device(string Path, (int Width, int Height)? Size = null, double? Fps = null) : CameraSource
    {
        public override string Name => Path;
    }

    /// <summary>A video file, played at its own rate.</summary>
    /// <param name="Path">Any file that FFmpeg reads.</param>
    /// <param name="Loop">Start again at the end instead of ending.</param>
    public sealed record VideoFile(string Path, bool Loop = false) : CameraSource
    {
        public override string Name => Path;
    }

    /// <summary>A live stream: Motion JPEG over HTTP, or RTSP.</summary>
    public sealed record Url(Uri Address) : CameraSource
    {
        public override string Name => Address.UserInfo.Length == 0
            ? Address.OriginalString
            : new UriBuilder(Address) { UserName = "", Password = "" }.Uri.ToString();
    }

    /// <summary>Reads <c>world</c>, <c>synthetic</c>, <c>0</c>, <c>/dev/video0</c>, a video file (<c>?loop</c>), or a URL.</summary>
    /// <exception cref="CameraException">The text is none of these; the message says what is possible.</exception>
    public static CameraSource Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) throw new CameraException($"no camera is named; give {Possible}");
        if (text.Contains("://", StringComparison.Ordinal)) return ParseUrl(text);

        var (name, options) = CameraOptions.Split(text);
        CameraSource source;
        if (name is "synthetic" or "world")
        {
            var (width, height) = options.TakeSize() ?? (640, 480);
            var fps = options.TakeFps() ?? 30;
            source = name == "world" ? new TabletopWorld(width, height, fps) : new Synthetic(width, height, fps);
        }
        else if (DevicePath(name) is { } path)
        {
            source = new Device(path, options.TakeSize(), options.TakeFps());
        }
        else
        {
            source = new VideoFile(name, options.TakeFlag("loop"));
        }

        options.RefuseOthers();
        return source;
    }

    /// <summary>Opens the camera; that of the simulated tabletop then films a table of its own, at which nobody acts.</summary>
    /// <exception cref="CameraException">It is missing, busy, or unreadable.</exception>
    public ICamera Open(TimeProvider time)
    {
        OpenCvNative.EnsureLoaded();
        return this switch
        {
            Synthetic source => new SyntheticCamera(source, time),
            TabletopWorld source => source.Open(new LiveWorld(Tabletop.Create(1, WorldLevel.Level1), time), time),
            Device source => DeviceCamera.Open(source, time),
            VideoFile source => VideoFileCamera.Open(source, time),
            Url { Address.Scheme: "http" or "https" } source => MotionJpegCamera.Open(source, time),
            Url source => RtspCamera.Open(source, time),
            _ => throw new CameraException($"camera '{Name}' cannot be opened; give {Possible}"),
        };
    }

    private static string? DevicePath(string name)
    {
        if (name.StartsWith("/dev/", StringComparison.Ordinal)) return name;
        if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
        return OperatingSystem.IsLinux() ? $"/dev/video{number}" : $"{number}";
    }

    private static Url ParseUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Host.Length == 0)
            throw new CameraException($"camera '{text}' is not a complete URL; write it like http://HOST:PORT/PATH or rtsp://HOST/PATH");
        if (address.Scheme is not ("http" or "https" or "rtsp" or "rtsps"))
            throw new CameraException($"camera '{new Url(address).Name}' has the scheme '{address.Scheme}'; possible are http, https, rtsp and rtsps");
        return new Url(address);
    }
}
