using OpenCvSharp;
using Vla.Sensors.Videos;

namespace Vla.Sensors.Datasets;

/// <summary>Finds the pictures of a dataset's video file by their times.</summary>
internal sealed class EpisodeVideo : IDisposable
{
    /// <summary>What is so near ahead is reached by decoding, seconds.</summary>
    private const double NearAhead = 2;

    private readonly IVideoReader _video;
    private readonly Mat _picture = new();
    private double? _shown;

    private EpisodeVideo(IVideoReader video) => _video = video;

    public string Path => _video.Path;

    public double Fps => _video.Fps;

    /// <exception cref="VideoException">It is missing or cannot be decoded.</exception>
    public static EpisodeVideo Open(string path) => new(VideoReader.Open(path));

    /// <summary>The picture of a time.</summary>
    /// <param name="seconds">Time in the file.</param>
    /// <param name="tolerance">How far its own time may be from that, seconds.</param>
    /// <param name="nearest">The time of the one that is found there when it is not near enough; NaN behind the
    /// end.</param>
    /// <returns>BGR, valid until the next call; null when there is none.</returns>
    /// <exception cref="VideoException">It cannot be decoded.</exception>
    public Mat? Find(double seconds, double tolerance, out double nearest)
    {
        nearest = double.NaN;
        if (_shown is not { } shown || shown > seconds + tolerance || seconds - shown > NearAhead)
            Go(seconds, tolerance);
        while (_shown is { } at)
        {
            nearest = at;
            if (at >= seconds - tolerance)
                return at <= seconds + tolerance ? _picture : null;
            Next();
        }

        nearest = double.NaN;
        return null;
    }

    public void Dispose()
    {
        _video.Dispose();
        _picture.Dispose();
    }

    private void Go(double seconds, double tolerance)
    {
        _video.Seek(seconds);
        Next();
        if (_shown is { } at && at <= seconds + tolerance)
            return;

        // Sought too far, or behind the end as far as its index knows: what is before it is looked through.
        _video.Seek(0);
        Next();
    }

    private void Next() => _shown = _video.Read(_picture, out var seconds) ? seconds : null;
}
