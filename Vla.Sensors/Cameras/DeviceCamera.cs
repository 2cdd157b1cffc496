using OpenCvSharp;
using Vla.Sensors.Cameras.V4L2;

namespace Vla.Sensors.Cameras;

/// <summary>A webcam: Video4Linux on Linux, what OpenCV finds elsewhere.</summary>
internal sealed class DeviceCamera : OpenCvCamera
{
    // One buffer is being read while the other is filled. More would only hold older pictures; some drivers refuse one.
    private const int Buffers = 2;

    private DeviceCamera(string name, VideoCapture capture, TimeProvider time)
        : base(name, capture, time)
    {
    }

    /// <exception cref="CameraException">The device is missing, busy, no camera, or cannot give the wanted size.</exception>
    public static DeviceCamera Open(CameraSource.Device source, TimeProvider time)
    {
        var device = OperatingSystem.IsLinux() ? Inspect(source.Path) : null;
        var capture = TryOpen(source.Path, device is null ? VideoCaptureAPIs.ANY : VideoCaptureAPIs.V4L2)
            ?? throw CannotOpen(source.Path);

        // Compressed before the size: uncompressed, USB 2 carries large pictures at a few frames a second only.
        capture.Set(VideoCaptureProperties.FourCC, VideoWriter.FourCC('M', 'J', 'P', 'G'));
        if (source.Size is { } size)
        {
            capture.Set(VideoCaptureProperties.FrameWidth, size.Width);
            capture.Set(VideoCaptureProperties.FrameHeight, size.Height);
        }

        if (source.Fps is { } fps) capture.Set(VideoCaptureProperties.Fps, fps);
        capture.Set(VideoCaptureProperties.BufferSize, Buffers);

        var camera = new DeviceCamera(device is null ? source.Path : $"{source.Path} ({device.Name})", capture, time);
        if (source.Size is not { } wanted || (camera.Description.Width, camera.Description.Height) == wanted) return camera;

        camera.Dispose();
        throw new CameraException(
            $"camera '{source.Path}' cannot give {wanted.Width}x{wanted.Height}; {Sizes(device)}`vla cameras` lists every size and rate");
    }

    /// <summary>The driver's own stamp where it has one: the picture may have waited in a buffer.</summary>
    protected override long GrabbedNs()
    {
        var nowNs = Time.NowNs();
        // Video4Linux stamps with CLOCK_MONOTONIC, which is the system TimeProvider's clock; a few drivers use another.
        var stampNs = (long)(PositionMs * MonotonicTime.NsPerMs);
        var age = nowNs - stampNs;
        return age is >= 0 and < OpenCvNative.SilentDeviceSeconds * MonotonicTime.NsPerSecond ? stampNs : nowNs;
    }

    private static VideoDevice Inspect(string path)
    {
        if (Directory.Exists(path)) throw new CameraException($"camera '{path}' is a directory; `vla cameras` lists devices");
        if (!File.Exists(path)) throw new CameraException($"camera '{path}' is not there; `vla cameras` lists what is");

        var device = VideoDevices.Inspect(path);
        if (device.Problem is { } problem) throw new CameraException($"camera '{path}' {problem}");
        return device.CanCapture
            ? device
            : throw new CameraException($"camera '{path}' ({device.Name}) gives no pictures; `vla cameras` lists devices that do");
    }

    private static CameraException CannotOpen(string path) => new(OperatingSystem.IsLinux() && V4L2Device.IsBusy(path)
        ? $"camera '{path}' is in use by another program; close that one (`fuser {path}` finds it)"
        : $"camera '{path}' cannot be opened; `vla cameras` lists what is there");

    private static string Sizes(VideoDevice? device)
    {
        var sizes = (device?.Formats ?? []).SelectMany(format => format.Sizes).Select(size => size.ToString()).Distinct().ToList();
        return sizes.Count == 0 ? "" : $"it has {string.Join(", ", sizes)}; ";
    }
}
