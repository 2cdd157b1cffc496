using System.Globalization;
using OpenCvSharp;
using Vla.Sensors.Cameras.V4L2;
using Vla.Sensors.Images.Jpeg;

namespace Vla.Sensors.Cameras;

/// <summary>A webcam: Video4Linux on Linux, what OpenCV finds elsewhere.</summary>
/// <remarks>
/// Compressed pictures are taken as they come from the device and decoded here, so that one that is damaged on its way,
/// as by a loose cable, is left out: OpenCV would give it out half grey.
/// </remarks>
internal sealed class DeviceCamera : ICamera
{
    // One buffer is being read while the other is filled. More would only hold older pictures; some drivers refuse one.
    private const int Buffers = 2;

    /// <summary>So many pictures in a row may be damaged before the camera counts as lost.</summary>
    private const int MaximumDamagedPictures = 30;

    private const double MaximumFps = 1_000;

    /// <summary>29.97 is what many call 30.</summary>
    private const double FpsTolerance = 0.02;

    // A picture that was waited for so long has come just now.
    private const long WaitedNs = MonotonicTime.NsPerMs;

    private static readonly int MotionJpeg = VideoWriter.FourCC('M', 'J', 'P', 'G');
    private static readonly int Jpeg = VideoWriter.FourCC('J', 'P', 'E', 'G');

    private readonly VideoCapture _capture;
    private readonly TimeProvider _time;
    private readonly WebcamJpeg _jpeg = new();
    private readonly Mat _compressed = new();
    private bool _isCompressed;
    private long _grabbedNs;
    private long _damaged;
    private string? _problem;

    private DeviceCamera(string name, VideoCapture capture, TimeProvider time)
    {
        (_capture, _time) = (capture, time);
        _grabbedNs = time.NowNs();
        var fps = capture.Fps;
        Description = new CameraDescription(
            name,
            capture.FrameWidth,
            capture.FrameHeight,
            fps is > 0 and <= MaximumFps ? fps : 0
        );
    }

    public CameraDescription Description { get; }

    public bool IsLive => true;

    public LeftOut LeftOut => new(0, _damaged, 0, _problem);

    /// <exception cref="CameraException">The device is missing, busy, no camera, or cannot give the wanted
    /// size.</exception>
    public static DeviceCamera Open(CameraSource.Device source, TimeProvider time)
    {
        var device = OperatingSystem.IsLinux() ? Inspect(source.Path) : null;
        var capture =
            OpenCvCapture.TryOpen(source.Path, device is null ? VideoCaptureAPIs.ANY : VideoCaptureAPIs.V4L2)
            ?? throw CannotOpen(source.Path);

        // Compressed before the size: uncompressed, USB 2 carries large pictures at a few frames a second only.
        capture.Set(VideoCaptureProperties.FourCC, VideoWriter.FourCC('M', 'J', 'P', 'G'));
        if (source.Size is { } size)
        {
            capture.Set(VideoCaptureProperties.FrameWidth, size.Width);
            capture.Set(VideoCaptureProperties.FrameHeight, size.Height);
        }

        if (source.Fps is { } fps)
            capture.Set(VideoCaptureProperties.Fps, fps);
        capture.Set(VideoCaptureProperties.BufferSize, Buffers);

        var camera = new DeviceCamera(device is null ? source.Path : $"{source.Path} ({device.Name})", capture, time);
        if (Lacking(source, camera.Description, device) is { } lacking)
        {
            camera.Dispose();
            throw new CameraException($"camera '{source.Path}' {lacking}; `vla cameras` lists every size and rate");
        }

        if (device is not null)
            camera.TakeCompressed();
        return camera;
    }

    /// <summary>What was asked for and is not given, in words; null when all is.</summary>
    internal static string? Lacking(CameraSource.Device asked, CameraDescription given, VideoDevice? device)
    {
        if (asked.Size is { } size && (given.Width, given.Height) != size)
            return $"cannot give {size.Width}x{size.Height}, it gives {given.Width}x{given.Height}{Sizes(device)}";
        // A driver that does not say its rate is taken at its word: it was asked.
        if (asked.Fps is not { } fps || given.Fps == 0 || Math.Abs(given.Fps - fps) <= fps * FpsTolerance)
            return null;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"cannot give {fps:0.##} pictures a second at {given.Width}x{given.Height}, it gives {given.Fps:0.##}"
        );
    }

    public long Read(Mat picture)
    {
        for (var attempt = 0; attempt < MaximumDamagedPictures; attempt++)
        {
            var beganNs = _time.NowNs();
            if (!OpenCvCapture.TryGrab(_capture))
                throw Lost(Missing(beganNs));
            var capturedNs = GrabbedNs(beganNs);
            if (Problem(picture) is not { } problem)
                return capturedNs;
            _damaged++;
            _problem = $"a picture that {problem}";
        }

        throw Lost($"sends only pictures that are of no use: {_problem}");
    }

    public void Dispose()
    {
        _capture.Dispose();
        _compressed.Dispose();
    }

    /// <summary>The driver's own stamp where it has one: the picture may have waited in a buffer.</summary>
    private long GrabbedNs(long beganNs)
    {
        var beforeNs = _grabbedNs;
        var nowNs = _grabbedNs = _time.NowNs();
        // Video4Linux stamps with CLOCK_MONOTONIC, which is the system TimeProvider's clock; a few drivers use another.
        var stampNs = (long)(_capture.Get(VideoCaptureProperties.PosMsec) * MonotonicTime.NsPerMs);
        var age = nowNs - stampNs;
        if (age is >= 0 and < OpenCvNative.SilentDeviceSeconds * MonotonicTime.NsPerSecond)
            return stampNs;
        // One that was there already came after the last one was fetched: nobody can say when.
        return nowNs - beganNs > WaitedNs ? nowNs : beforeNs;
    }

    /// <summary>Asks for pictures as the device sends them where it sends JPEG, and OpenCV hands that over.</summary>
    private void TakeCompressed()
    {
        var format = (int)_capture.Get(VideoCaptureProperties.FourCC);
        _isCompressed = (format == MotionJpeg || format == Jpeg) && _capture.Set(VideoCaptureProperties.ConvertRgb, 0);
    }

    private string? Problem(Mat picture)
    {
        if (!_isCompressed)
            return OpenCvCapture.TryRetrieve(_capture, picture) ? null : "cannot be decoded";
        if (!OpenCvCapture.TryRetrieve(_capture, _compressed))
            return "is empty";
        if (_compressed.Type() != MatType.CV_8UC1 || _compressed.Height != 1)
        {
            // Decoded all the same: then it is OpenCV's.
            _isCompressed = false;
            _compressed.CopyTo(picture);
            return null;
        }

        return _jpeg.Decode(_compressed.AsSpan<byte>(), picture);
    }

    private string Missing(long beganNs) =>
        _time.NowNs() - beganNs >= OpenCvNative.SilentDeviceSeconds * MonotonicTime.NsPerSecond
            ? $"has sent nothing for {OpenCvNative.SilentDeviceSeconds} s"
            : "sends no more pictures";

    private CameraLostException Lost(string what) => new($"camera '{Description.Name}' {what}");

    private static VideoDevice Inspect(string path)
    {
        if (Directory.Exists(path))
            throw new CameraException($"camera '{path}' is a directory; `vla cameras` lists devices");
        if (!File.Exists(path))
            throw new CameraException($"camera '{path}' is not there; `vla cameras` lists what is");

        var device = VideoDevices.Inspect(path);
        if (device.Problem is { } problem)
            throw new CameraException($"camera '{path}' {problem}");
        return device.CanCapture
            ? device
            : throw new CameraException(
                $"camera '{path}' ({device.Name}) gives no pictures; `vla cameras` lists devices that do"
            );
    }

    private static CameraException CannotOpen(string path) =>
        new(
            OperatingSystem.IsLinux() && V4L2Device.IsBusy(path)
                ? $"camera '{path}' is in use by another program; close that one (`fuser {path}` finds it)"
                : $"camera '{path}' cannot be opened; `vla cameras` lists what is there"
        );

    private static string Sizes(VideoDevice? device)
    {
        var sizes = (device?.Formats ?? [])
            .SelectMany(format => format.Sizes)
            .Select(size => size.ToString())
            .Distinct()
            .ToList();
        return sizes.Count == 0 ? "" : $" and has {string.Join(", ", sizes)}";
    }
}
