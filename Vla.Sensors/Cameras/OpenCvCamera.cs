using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>What cameras read through OpenCV have in common; as it stands, a live one.</summary>
internal abstract class OpenCvCamera : ICamera
{
    /// <summary>So many pictures in a row may be damaged, as on a loose cable, before the camera counts as lost.</summary>
    private const int MaximumDamagedPictures = 30;

    private const double MaximumFps = 1_000;

    private VideoCapture _capture;

    protected OpenCvCamera(string name, VideoCapture capture, TimeProvider time)
    {
        _capture = capture;
        Time = time;
        var fps = capture.Fps;
        Description = new CameraDescription(name, capture.FrameWidth, capture.FrameHeight, fps is > 0 and <= MaximumFps ? fps : 0);
    }

    public CameraDescription Description { get; }

    protected TimeProvider Time { get; }

    public virtual long Read(Mat picture)
    {
        for (var attempt = 0; attempt < MaximumDamagedPictures; attempt++)
        {
            if (!Grab()) throw Lost("sends no more pictures");
            var capturedNs = GrabbedNs();
            if (Retrieve(picture)) return capturedNs;
        }

        throw Lost("sends only damaged pictures");
    }

    public void Dispose() => _capture.Dispose();

    /// <summary>Opens what <paramref name="name"/> names; null when OpenCV cannot.</summary>
    protected static VideoCapture? TryOpen(string name, VideoCaptureAPIs backend, params int[] parameters)
    {
        VideoCapture? capture = null;
        try
        {
            capture = int.TryParse(name, out var index)
                ? new VideoCapture(index, backend, parameters)
                : new VideoCapture(name, backend, parameters);
            if (capture.IsOpened()) return capture;
        }
        catch (OpenCVException)
        {
            // The same as not opened: the caller finds out why, in words that help.
        }

        capture?.Dispose();
        return null;
    }

    /// <summary>When the picture just grabbed was taken, monotonic nanoseconds.</summary>
    protected virtual long GrabbedNs() => Time.NowNs();

    /// <summary>Where the source places the picture just grabbed, in milliseconds; 0 when it does not say.</summary>
    protected double PositionMs => _capture.Get(VideoCaptureProperties.PosMsec);

    /// <summary>Fetches the next picture; false when there is none.</summary>
    protected bool Grab()
    {
        try
        {
            return _capture.Grab();
        }
        catch (OpenCVException)
        {
            return false;
        }
    }

    /// <summary>Decodes the picture just grabbed; false when it is damaged.</summary>
    protected bool Retrieve(Mat picture)
    {
        try
        {
            return _capture.Retrieve(picture) && !picture.Empty();
        }
        catch (OpenCVException)
        {
            return false;
        }
    }

    /// <summary>Goes on with <paramref name="capture"/>, closing the one before.</summary>
    protected void Replace(VideoCapture capture)
    {
        _capture.Dispose();
        _capture = capture;
    }

    protected CameraLostException Lost(string what) => new($"camera '{Description.Name}' {what}");
}
