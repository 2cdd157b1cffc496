using System.Globalization;

namespace Vla.Sensors.Cameras;

/// <summary>Where pictures come from, as given to <c>--camera</c>.</summary>
/// <remarks>
/// Options follow a <c>?</c>, joined by <c>&amp;</c>: <c>0?size=1280x720&amp;fps=30</c>. Everything after the <c>?</c>
/// of a URL belongs to the server. Each kind reads the texts that name it, and answers null to all others.
/// </remarks>
public abstract record CameraSource
{
    /// <summary>What to call it in messages; shows no password.</summary>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public sealed override string ToString() => Name;

    /// <summary>Opens the camera.</summary>
    /// <param name="time">The clock of its pictures' times.</param>
    /// <exception cref="CameraException">It is missing, busy, or unreadable.</exception>
    public abstract ICamera Open(TimeProvider time);

    /// <summary>A drawn, moving scene.</summary>
    /// <param name="Width">Picture width in pixels.</param>
    /// <param name="Height">Picture height in pixels.</param>
    /// <param name="Fps">Pictures a second, 1 to 1,000.</param>
    public sealed record Synthetic(int Width = 640, int Height = 480, double Fps = 30) : CameraSource
    {
        /// <inheritdoc/>
        public override string Name => "synthetic";

        /// <summary>Reads <c>synthetic?size=640x480&amp;fps=30</c>.</summary>
        public static Synthetic? Read(string text)
        {
            if (CameraOptions.NameIn(text) != "synthetic")
                return null;
            var (_, options) = CameraOptions.Split(text);
            var (width, height) = options.TakeSize() ?? (640, 480);
            var fps = options.TakeFps() ?? 30;
            options.RefuseOthers();
            return new Synthetic(width, height, fps);
        }

        /// <inheritdoc/>
        public override ICamera Open(TimeProvider time)
        {
            OpenCvNative.EnsureLoaded();
            return new SyntheticCamera(this, time);
        }
    }

    /// <summary>A webcam.</summary>
    /// <param name="Path"><c>/dev/video0</c>, or a name that lasts such as <c>/dev/v4l/by-id/…</c>; a bare number
    /// elsewhere than on Linux.</param>
    /// <param name="Size">Wanted picture size in pixels; null for 640×480 or what the device prefers.</param>
    /// <param name="Fps">Wanted pictures a second; null for what the device prefers.</param>
    public sealed record Device(string Path, (int Width, int Height)? Size = null, double? Fps = null) : CameraSource
    {
        /// <inheritdoc/>
        public override string Name => Path;

        /// <summary>Reads <c>0</c> or <c>/dev/video0?size=640x480&amp;fps=30</c>.</summary>
        public static Device? Read(string text)
        {
            if (PathOf(CameraOptions.NameIn(text)) is not { } path)
                return null;
            var (_, options) = CameraOptions.Split(text);
            var source = new Device(path, options.TakeSize(), options.TakeFps());
            options.RefuseOthers();
            return source;
        }

        /// <inheritdoc/>
        public override ICamera Open(TimeProvider time)
        {
            OpenCvNative.EnsureLoaded();
            return DeviceCamera.Open(this, time);
        }

        private static string? PathOf(string name)
        {
            if (name.StartsWith("/dev/", StringComparison.Ordinal))
                return name;
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return null;
            return OperatingSystem.IsLinux() ? $"/dev/video{number}" : $"{number}";
        }
    }

    /// <summary>A video file, played at its own rate.</summary>
    /// <param name="Path">Any file that FFmpeg reads.</param>
    /// <param name="Loop">Start again at the end instead of ending.</param>
    public sealed record VideoFile(string Path, bool Loop = false) : CameraSource
    {
        /// <inheritdoc/>
        public override string Name => Path;

        /// <summary>What else the text could have named, for the message when there is no such file.</summary>
        public string Possible { get; init; } = "the path of a video";

        /// <summary>Reads <c>clip.mp4?loop</c>: any text.</summary>
        public static VideoFile Read(string text, string possible)
        {
            var (name, options) = CameraOptions.Split(text);
            var source = new VideoFile(name, options.TakeFlag("loop")) { Possible = possible };
            options.RefuseOthers();
            return source;
        }

        /// <inheritdoc/>
        public override ICamera Open(TimeProvider time)
        {
            OpenCvNative.EnsureLoaded();
            return VideoFileCamera.Open(this, time);
        }

        /// <inheritdoc/>
        public bool Equals(VideoFile? other) => other is not null && Path == other.Path && Loop == other.Loop;

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Path, Loop);
    }

    /// <summary>A live stream: Motion JPEG over HTTP, or RTSP.</summary>
    public sealed record Url(Uri Address) : CameraSource
    {
        /// <inheritdoc/>
        public override string Name =>
            Address.UserInfo.Length == 0
                ? Address.OriginalString
                : new UriBuilder(Address) { UserName = "", Password = "" }.Uri.ToString();

        /// <summary>Reads <c>http://HOST/PATH</c>, <c>rtsp://…</c>: any text with <c>://</c>.</summary>
        /// <exception cref="CameraException">It is not a whole address, or of another scheme.</exception>
        public static Url? Read(string text)
        {
            if (!text.Contains("://", StringComparison.Ordinal))
                return null;
            if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Host.Length == 0)
                throw new CameraException(
                    $"camera '{text}' is not a complete URL; write it like http://HOST:PORT/PATH or rtsp://HOST/PATH"
                );
            if (address.Scheme is not ("http" or "https" or "rtsp" or "rtsps"))
                throw new CameraException(
                    $"camera '{new Url(address).Name}' has the scheme '{address.Scheme}'; possible are http, https, "
                        + "rtsp and rtsps"
                );
            return new Url(address);
        }

        /// <inheritdoc/>
        public override ICamera Open(TimeProvider time)
        {
            OpenCvNative.EnsureLoaded();
            return Address.Scheme is "http" or "https"
                ? MotionJpegCamera.Open(this, time)
                : RtspCamera.Open(this, time);
        }
    }
}
