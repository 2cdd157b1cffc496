using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>A camera that needs no hardware: films the <see cref="SyntheticScene"/> at a steady rate.</summary>
/// <remarks>
/// Picture n is always the same picture, due n / fps after the first; pictures that are overdue are left out.
/// </remarks>
internal sealed class SyntheticCamera : ICamera
{
    private readonly SyntheticScene _scene;
    private readonly FramePacer _pacer;
    private readonly double _fps;
    private long _startNs;
    private long _next;

    public SyntheticCamera(CameraSource.Synthetic source, TimeProvider time, Action<TimeSpan>? sleep = null)
    {
        _scene = new SyntheticScene(source.Width, source.Height);
        _pacer = new FramePacer(time, sleep);
        _fps = source.Fps;
        Description = new CameraDescription(source.Name, source.Width, source.Height, source.Fps);
    }

    public CameraDescription Description { get; }

    public long Read(Mat picture)
    {
        var nowNs = _pacer.NowNs;
        if (_next == 0)
            _startNs = nowNs;
        var newestDue = (long)((nowNs - _startNs) * _fps / MonotonicTime.NsPerSecond);
        var number = Math.Max(_next, newestDue);
        var dueNs = _startNs + (long)(number * MonotonicTime.NsPerSecond / _fps);
        _pacer.WaitUntil(dueNs);
        _scene.Draw(picture, number, number / _fps);
        _next = number + 1;
        return dueNs;
    }

    public void Dispose() => _scene.Dispose();
}
