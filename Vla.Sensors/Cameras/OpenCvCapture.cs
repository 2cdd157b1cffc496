using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>
/// OpenCV's way to videos and devices, without its exceptions: what it cannot do is told by the answer.
/// </summary>
internal static class OpenCvCapture
{
    /// <summary>Opens what <paramref name="name"/> names; null when OpenCV cannot.</summary>
    public static VideoCapture? TryOpen(string name, VideoCaptureAPIs backend)
    {
        VideoCapture? capture = null;
        try
        {
            capture = int.TryParse(name, out var index)
                ? new VideoCapture(index, backend)
                : new VideoCapture(name, backend);
            if (capture.IsOpened())
                return capture;
        }
        catch (OpenCVException)
        {
            // The same as not opened: the caller finds out why, in words that help.
        }

        capture?.Dispose();
        return null;
    }

    /// <summary>Fetches the next picture; false when there is none.</summary>
    public static bool TryGrab(VideoCapture capture)
    {
        try
        {
            return capture.Grab();
        }
        catch (OpenCVException)
        {
            return false;
        }
    }

    /// <summary>Decodes the picture just grabbed; false when it is damaged.</summary>
    public static bool TryRetrieve(VideoCapture capture, Mat picture)
    {
        try
        {
            return capture.Retrieve(picture) && !picture.Empty();
        }
        catch (OpenCVException)
        {
            return false;
        }
    }
}
