using OpenCvSharp;
using Vla.Sensors;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Libraries;

/// <summary>
/// Holds a camera that somebody else wrote to what a camera is: whatever else it does is a loss of that camera, in
/// words.
/// </summary>
internal sealed class LibraryCamera(ICamera camera, CameraDescription description, bool isLive, TimeProvider time)
    : ICamera
{
    public CameraDescription Description => description;

    public bool IsLive => isLive;

    public LeftOut LeftOut => camera.LeftOut;

    public long Read(Mat picture)
    {
        long capturedNs;
        try
        {
            capturedNs = camera.Read(picture);
        }
        catch (Exception exception) when (exception is not CameraException)
        {
            throw Lost(LibraryWords.Of(exception), exception);
        }

        if (picture.Empty())
            throw Lost("it gives an empty picture");
        if (picture.Type() != MatType.CV_8UC3)
            throw Lost($"it gives pictures of the type {picture.Type()}: they must be BGR, 8 bits, CV_8UC3");
        if (capturedNs > time.NowNs())
            throw Lost(
                "the time of its picture has not come yet: it must be monotonic nanoseconds "
                    + "(TimeProvider.System.NowNs())"
            );
        return capturedNs;
    }

    public void Dispose()
    {
        try
        {
            camera.Dispose();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // It is closed as far as it can be; opening it anew says what is wrong.
        }
    }

    private CameraLostException Lost(string why, Exception? inner = null) =>
        new($"camera '{description.Name}' failed: {why}", inner);
}
