using OpenCvSharp;

namespace Vla.Sensors.Datasets;

/// <summary>A video file of a dataset, from any picture on.</summary>
internal sealed class EpisodeVideo : IDisposable
{
    private VideoCapture _capture;
    private int _next;

    private EpisodeVideo(string path, VideoCapture capture) => (Path, _capture) = (path, capture);

    public string Path { get; }

    /// <exception cref="DatasetException">It is missing or cannot be decoded.</exception>
    public static EpisodeVideo Open(string path) => new(path, OpenCapture(path));

    /// <summary>Goes to a picture.</summary>
    public void Seek(int picture)
    {
        if (picture == _next) return;
        _capture.Set(VideoCaptureProperties.PosFrames, picture);
        if ((int)_capture.Get(VideoCaptureProperties.PosFrames) != picture)
        {
            // Not every file can be sought in: then from its beginning.
            _capture.Dispose();
            _capture = OpenCapture(Path);
            for (var i = 0; i < picture; i++) _capture.Grab();
        }

        _next = picture;
    }

    /// <summary>The next picture; false when there is none.</summary>
    public bool Read(Mat picture)
    {
        if (!_capture.Read(picture) || picture.Empty()) return false;
        _next++;
        return true;
    }

    public void Dispose() => _capture.Dispose();

    private static VideoCapture OpenCapture(string path)
    {
        if (!File.Exists(path)) throw new DatasetException($"video '{path}' of the dataset is missing");
        var capture = new VideoCapture(path, VideoCaptureAPIs.FFMPEG);
        if (capture.IsOpened()) return capture;
        capture.Dispose();
        throw new DatasetException($"video '{path}' is damaged, or in a format OpenCV cannot decode");
    }
}
