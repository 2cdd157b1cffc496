using System.Runtime.InteropServices;
using OpenCvSharp;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;

namespace Vla.Sensors;

/// <summary>Loads OpenCV's native library once, quiet and with timeouts fit for a robot.</summary>
internal static class OpenCvNative
{
    /// <summary>How long a webcam may stay silent before it counts as lost; OpenCV's own default is 10 s.</summary>
    public const int SilentDeviceSeconds = 2;

    private static readonly Lazy<string?> Loaded = new(Load);

    /// <summary>Makes sure that OpenCV is loaded; quick after the first time.</summary>
    /// <exception cref="CameraException">It cannot be loaded; the message says what to install.</exception>
    public static void EnsureLoaded()
    {
        if (Loaded.Value is { } problem)
            throw new CameraException(problem);
    }

    private static string? Load()
    {
        // OpenCV and FFmpeg write warnings to standard error on their own; every failure that matters comes back as a
        // CameraException. A value that is already set stays, so that OPENCV_LOG_LEVEL=DEBUG still helps.
        NativeEnvironment.SetDefault("OPENCV_LOG_LEVEL", "SILENT");
        NativeEnvironment.SetDefault("OPENCV_FFMPEG_LOGLEVEL", "-8"); // AV_LOG_QUIET
        NativeEnvironment.SetDefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", $"{SilentDeviceSeconds}");
        // Where a picture is decoded that nobody has looked at before, as within a video.
        NativeEnvironment.SetDefault("OPENCV_IO_MAX_IMAGE_PIXELS", $"{PictureBounds.MaximumPixels}");
        try
        {
            // Its work here takes well under a millisecond on one core: the cores belong to the policy.
            Cv2.SetNumThreads(1);
            return null;
        }
        catch (Exception exception) when (exception is TypeInitializationException or DllNotFoundException)
        {
            var reason = (exception.InnerException ?? exception).Message.ReplaceLineEndings(" ");
            return OperatingSystem.IsLinux() && !NativeLibrary.TryLoad("libgtk-3.so.0", out _)
                ? "OpenCV cannot be loaded because GTK 3 is missing; install it: sudo apt-get install libgtk-3-0"
                : $"OpenCV cannot be loaded: {reason}";
        }
    }
}
