using OpenCvSharp;
using Vla.Sensors;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Bench;

/// <summary>A 720p video of a moving scene, made on the fly and read round and round as fast as wanted.</summary>
/// <remarks>
/// Every picture is a JPEG of its own, as from a webcam, and has a camera's grain: a clean drawing would decode too
/// easily.
/// </remarks>
internal sealed class VideoReel : IDisposable
{
    private const int Width = 1280;
    private const int Height = 720;
    private const int Pictures = 240;
    private const double Fps = 30;
    private const double Grain = 6;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vla-bench-");

    public VideoReel()
    {
        try
        {
            Write();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private string File => Path.Combine(_folder.FullName, "reel.avi");

    /// <summary>
    /// A camera that gives the next picture at once, when its turn has come; without a pace it always has.
    /// </summary>
    public ICamera Open(PicturePace? pace = null) => new Camera(File, pace);

    public void Dispose() => _folder.Delete(recursive: true);

    private void Write()
    {
        using var scene = new CameraSource.Synthetic(Width, Height, Fps: 1_000).Open(TimeProvider.System);
        using var writer = new VideoWriter(File, FourCC.MJPG, Fps, new Size(Width, Height));
        if (!writer.IsOpened())
            throw new BenchException("OpenCV cannot write a Motion JPEG video, which the throughput is measured with");

        using var picture = new Mat();
        using var grain = new Mat(Height, Width, MatType.CV_8UC3);
        for (var i = 0; i < Pictures; i++)
        {
            scene.Read(picture);
            Cv2.Randn(grain, Scalar.All(2 * Grain), Scalar.All(Grain));
            Cv2.Add(picture, grain, picture);
            writer.Write(picture);
        }
    }

    private sealed class Camera : ICamera
    {
        private readonly string _file;
        private readonly PicturePace? _pace;
        private VideoCapture _video;

        public Camera(string file, PicturePace? pace)
        {
            (_file, _pace) = (file, pace);
            _video = Start();
        }

        public CameraDescription Description { get; } = new("reel", Width, Height, Fps);

        public long Read(Mat picture)
        {
            if (_pace?.Wait() == false)
                throw new CameraEndedException("the measurement is over");
            var startedNs = TimeProvider.System.NowNs();
            if (_video.Read(picture))
                return startedNs;

            _video.Dispose();
            _video = Start();
            return _video.Read(picture) ? startedNs : throw new CameraLostException("the reel holds no pictures");
        }

        public void Dispose() => _video.Dispose();

        // The back-end that plays every video file here.
        private VideoCapture Start() => new(_file, VideoCaptureAPIs.FFMPEG);
    }
}
