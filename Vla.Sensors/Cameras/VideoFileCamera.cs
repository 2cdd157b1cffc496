using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>A video file, played as a camera would have seen it: at its own rate, whatever the reader's.</summary>
/// <remarks>
/// Picture times come from the file; each picture is due at that time after the first, on an absolute schedule, and
/// stamped so. A reader that is late finds the pictures it missed left out. Only after a pause longer than
/// <see cref="MaximumLagNs"/> does the film wait for its reader: it goes on where it was.
/// </remarks>
internal sealed class VideoFileCamera : ICamera
{
    private const long MaximumLagNs = MonotonicTime.NsPerSecond;
    private const double UsualFps = 30;
    private const double MaximumFps = 1_000;

    private readonly string _path;
    private readonly bool _loop;
    private readonly FramePacer _pacer;
    private readonly long _periodNs;
    private Film _film;
    private long? _filmStartNs;
    private long _roundStartNs;
    private long _positionNs;
    private long _picturesInRound;

    private VideoFileCamera(CameraSource.VideoFile source, Film film, TimeProvider time, Action<TimeSpan>? sleep)
    {
        _film = film;
        Description = new CameraDescription(
            source.Name,
            film.Width,
            film.Height,
            film.Fps is > 0 and <= MaximumFps ? film.Fps : 0
        );
        _path = source.Path;
        _loop = source.Loop;
        _pacer = new FramePacer(time, sleep);
        _periodNs = (long)(MonotonicTime.NsPerSecond / (Description.Fps > 0 ? Description.Fps : UsualFps));
    }

    /// <exception cref="CameraException">The file is missing, may not be read, or is no video.</exception>
    public static VideoFileCamera Open(
        CameraSource.VideoFile source,
        TimeProvider time,
        Action<TimeSpan>? sleep = null
    ) => new(source, Film.Open(source.Path, source.Possible), time, sleep);

    public CameraDescription Description { get; }

    public long Read(Mat picture)
    {
        while (true)
        {
            if (!Advance())
                throw new CameraEndedException($"video '{_path}' has ended; '{_path}?loop' plays it again and again");

            var nowNs = _pacer.NowNs;
            if (_filmStartNs is not { } start || nowNs - (start + _positionNs) > MaximumLagNs)
                _filmStartNs = start = nowNs - _positionNs;

            var dueNs = start + _positionNs;
            var nextIsDue = nowNs >= dueNs + _periodNs;
            // A damaged picture is left out, like one that is late.
            if (nextIsDue || !_film.Decode(picture))
                continue;

            _pacer.WaitUntil(dueNs);
            return dueNs;
        }
    }

    public void Dispose() => _film.Dispose();

    /// <summary>Goes to the next picture; false at the end of a film that does not loop.</summary>
    private bool Advance()
    {
        if (!_film.Advance())
        {
            if (!_loop)
                return false;
            if (_picturesInRound == 0)
                throw Lost("holds no pictures");

            // Opened anew rather than rewound: not every kind of file can seek.
            _film.Dispose();
            _film = Film.Open(_path);
            _roundStartNs = _positionNs + _periodNs;
            _picturesInRound = 0;
            if (!_film.Advance())
                throw Lost("holds no pictures");
        }

        var position = Math.Max((long)(_film.PositionMs * MonotonicTime.NsPerMs), 0);
        // A file without times of its own runs at its nominal rate.
        if (position == 0)
            position = _picturesInRound * _periodNs;
        _positionNs = _roundStartNs + position;
        _picturesInRound++;
        return true;
    }

    private CameraLostException Lost(string what) => new($"camera '{Description.Name}' {what}");
}
