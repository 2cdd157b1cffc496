using OpenCvSharp;
using Vla.Sensors.Cameras;
using Vla.Sensors.Simulation.Drawing;

namespace Vla.Sensors.Simulation;

/// <summary>Films a <see cref="LiveWorld"/> at a steady rate.</summary>
/// <remarks>
/// Picture n is due n / fps after the first of all the world's cameras, so that cameras of the same rate take their
/// pictures at the same moments, of the same state. Pictures that are overdue are left out.
/// </remarks>
public sealed class WorldCamera : ICamera
{
    private readonly LiveWorld _world;
    private readonly TabletopRenderer _renderer;
    private readonly FramePacer _pacer;
    private readonly double _fps;
    private Tabletop? _seen;
    private long _startNs;
    private long _next;

    /// <param name="world">What it looks at; may be told actions from elsewhere meanwhile.</param>
    /// <param name="view">From where.</param>
    /// <param name="width">Picture width in pixels.</param>
    /// <param name="height">Picture height in pixels.</param>
    /// <param name="fps">Pictures a second, above 0.</param>
    /// <param name="time">The world's clock.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size or <paramref name="fps"/> is not positive.</exception>
    public WorldCamera(LiveWorld world, WorldView view, int width, int height, double fps, TimeProvider time)
        : this(world, view, width, height, fps, time, null) { }

    internal WorldCamera(
        LiveWorld world,
        WorldView view,
        int width,
        int height,
        double fps,
        TimeProvider time,
        Action<TimeSpan>? sleep
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(fps);
        (_world, _fps) = (world, fps);
        _renderer = new TabletopRenderer(width, height, view);
        _pacer = new FramePacer(time, sleep);
        Description = new CameraDescription(WorldCameraSource.NameOf(view), width, height, fps);
    }

    /// <inheritdoc/>
    public CameraDescription Description { get; }

    /// <inheritdoc/>
    public long Read(Mat picture)
    {
        var nowNs = _pacer.NowNs;
        if (_next == 0)
            _startNs = _world.FirstPictureNs(nowNs);
        var newestDue = (long)((nowNs - _startNs) * _fps / MonotonicTime.NsPerSecond);
        var number = Math.Max(_next, newestDue);
        var dueNs = _startNs + (long)(number * MonotonicTime.NsPerSecond / _fps);
        _pacer.WaitUntil(dueNs);
        _next = number + 1;

        // Stamped with when it was looked at, not when it was due: the world has moved on in between.
        _seen = _world.ObserveAt(dueNs, _seen, out var capturedNs);
        _renderer.Draw(_seen, picture);
        return capturedNs;
    }

    /// <inheritdoc/>
    public void Dispose() => _renderer.Dispose();
}
