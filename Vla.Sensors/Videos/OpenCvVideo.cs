using OpenCvSharp;

namespace Vla.Sensors.Videos;

/// <summary>A video file, decoded by OpenCV's own FFmpeg.</summary>
internal sealed class OpenCvVideo : IVideoReader
{
    private VideoCapture _capture;

    private OpenCvVideo(string path, VideoCapture capture)
    {
        (Path, _capture) = (path, capture);
        Fps = capture.Fps is var fps && double.IsFinite(fps) && fps > 0 ? fps : 0;
        Seconds = Fps > 0 && capture.FrameCount > 0 ? capture.FrameCount / Fps : 0;
    }

    public string Path { get; }

    public double Fps { get; }

    public double Seconds { get; }

    /// <summary>Opens a file of which at least one picture can be decoded; null when there is none.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="codec">What it is encoded with, four letters; empty when it is not known.</param>
    public static OpenCvVideo? TryOpen(string path, out string codec)
    {
        codec = "";
        var capture = Start(path);
        if (capture is null)
            return null;
        codec = capture.FourCC.Trim('\0', ' ');
        var largest = (long)capture.FrameWidth * capture.FrameHeight;
        // Some codecs it opens and cannot decode, AV1 for one: only a picture shows.
        if (largest <= FfmpegProgram.LargestPicture && capture.Grab())
        {
            var video = new OpenCvVideo(path, capture);
            video.Restart();
            return video;
        }

        capture.Dispose();
        return null;
    }

    public void Seek(double seconds)
    {
        var picture = (int)Math.Min(seconds * Fps + 0.5, int.MaxValue);
        if (
            picture > 0
            && _capture.Set(VideoCaptureProperties.PosFrames, picture)
            && (int)_capture.Get(VideoCaptureProperties.PosFrames) <= picture
        )
        {
            return;
        }

        // Not every file can be sought in: then from its beginning.
        Restart();
    }

    public bool Read(Mat picture, out double seconds)
    {
        seconds = 0;
        if (!_capture.Read(picture) || picture.Empty())
            return false;
        seconds = _capture.Get(VideoCaptureProperties.PosMsec) / 1_000;
        return true;
    }

    public void Restart()
    {
        _capture.Dispose();
        _capture = Start(Path) ?? throw new VideoException($"video '{Path}' cannot be opened again");
    }

    public void Dispose() => _capture.Dispose();

    private static VideoCapture? Start(string path)
    {
        VideoCapture? capture = null;
        try
        {
            capture = new VideoCapture(System.IO.Path.GetFullPath(path), VideoCaptureAPIs.FFMPEG);
            if (capture.IsOpened())
                return capture;
        }
        catch (OpenCVException)
        {
            // The same as not opened.
        }

        capture?.Dispose();
        return null;
    }
}
