using OpenCvSharp;
using Vla.Sensors.Videos;

namespace Vla.Sensors.Cameras;

/// <summary>A video file opened for playing, picture by picture; for one thread.</summary>
internal abstract class Film : IDisposable
{
    /// <summary>
    /// So many pictures at its beginning may be damaged before a file counts as one that cannot be decoded.
    /// </summary>
    private const int MaximumDamagedAtFirst = 100;

    public abstract int Width { get; }

    public abstract int Height { get; }

    /// <summary>Nominal pictures a second; 0 when the file does not say.</summary>
    public abstract double Fps { get; }

    /// <summary>Where the file places the picture gone to last, in milliseconds; 0 when it does not say.</summary>
    public abstract double PositionMs { get; }

    /// <summary>
    /// Opens a file with OpenCV where that decodes it, otherwise with the <c>ffmpeg</c> program, which knows more
    /// codecs.
    /// </summary>
    /// <exception cref="CameraException">It is missing, may not be read, is no file, or nothing in it can be
    /// decoded.</exception>
    public static Film Open(string path, string possible = "the path of a video")
    {
        RequireFile(path, possible);
        if (OpenCvFilm.TryOpen(path) is { } film)
            return film;
        try
        {
            return new FfmpegFilm(FfmpegVideo.Open(path));
        }
        catch (VideoException exception)
        {
            throw new CameraException(
                $"camera '{path}' is not a video that can be played: {exception.Message}; or convert it to MP4 (H.264)",
                exception
            );
        }
    }

    /// <summary>Goes to the next picture; false at the end.</summary>
    /// <exception cref="CameraLostException">The file breaks off or cannot be read on.</exception>
    public abstract bool Advance();

    /// <summary>Decodes the picture gone to last; false when it is damaged.</summary>
    public abstract bool Decode(Mat picture);

    public abstract void Dispose();

    private static void RequireFile(string path, string possible)
    {
        if (Directory.Exists(path))
            throw new CameraException($"camera '{path}' is a directory; name a video file in it");
        if (!File.Exists(path))
            throw new CameraException($"there is no camera or video file '{path}'; give {possible}");
        try
        {
            // Before it is opened: a pipe has no length, and opening it would wait for whoever writes to it.
            if (new FileInfo(path).Length == 0)
                throw new CameraException($"video '{path}' is empty, or a pipe and no file");
            using var readable = File.OpenRead(path);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new CameraException($"video '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    private sealed class OpenCvFilm : Film
    {
        private readonly VideoCapture _capture;
        private bool _atFirst = true;

        private OpenCvFilm(VideoCapture capture) => _capture = capture;

        public override int Width => _capture.FrameWidth;

        public override int Height => _capture.FrameHeight;

        public override double Fps => _capture.Fps;

        public override double PositionMs => _capture.Get(VideoCaptureProperties.PosMsec);

        /// <summary>Null when OpenCV cannot open it, or opens it and decodes nothing.</summary>
        public static OpenCvFilm? TryOpen(string path)
        {
            if (OpenCvCapture.TryOpen(Path.GetFullPath(path), VideoCaptureAPIs.FFMPEG) is not { } capture)
                return null;
            var film = new OpenCvFilm(capture);
            using var picture = new Mat();
            for (var damaged = 0; damaged < MaximumDamagedAtFirst && OpenCvCapture.TryGrab(capture); damaged++)
                if (film.Decode(picture))
                    return film;
            film.Dispose();
            return null;
        }

        public override bool Advance()
        {
            // Opening has gone to the first picture already.
            if (!_atFirst)
                return OpenCvCapture.TryGrab(_capture);
            _atFirst = false;
            return true;
        }

        public override bool Decode(Mat picture) => OpenCvCapture.TryRetrieve(_capture, picture);

        public override void Dispose() => _capture.Dispose();
    }

    private sealed class FfmpegFilm(FfmpegVideo video) : Film
    {
        private readonly Mat _picture = new();
        private double _seconds;

        public override int Width => video.Width;

        public override int Height => video.Height;

        public override double Fps => video.Description.Fps;

        public override double PositionMs => _seconds * 1_000;

        public override bool Advance()
        {
            try
            {
                return video.Read(_picture, out _seconds);
            }
            catch (VideoException exception)
            {
                throw new CameraLostException($"video {exception.Message}", exception);
            }
        }

        public override bool Decode(Mat picture)
        {
            _picture.CopyTo(picture);
            return true;
        }

        public override void Dispose()
        {
            video.Dispose();
            _picture.Dispose();
        }
    }
}
