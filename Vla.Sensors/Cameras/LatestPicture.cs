using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>Two pictures in turn: the camera writes one while anyone may copy the other.</summary>
/// <remarks>The writer never waits: while somebody copies, it goes on overwriting its own picture.</remarks>
internal sealed class LatestPicture : IDisposable
{
    private readonly Lock _turn = new();
    private Mat _next = new();
    private Mat _latest = new();
    private bool _disposed;

    /// <summary>The picture to write into; for the writer's thread only.</summary>
    public Mat Next => _next;

    /// <summary>Makes what was written the latest picture, unless the one before is just being copied.</summary>
    public void Publish()
    {
        if (!_turn.TryEnter()) return;
        try
        {
            (_next, _latest) = (_latest, _next);
        }
        finally
        {
            _turn.Exit();
        }
    }

    public bool TryCopy(Mat into)
    {
        lock (_turn)
        {
            if (_disposed || _latest.Empty()) return false;
            _latest.CopyTo(into);
            return true;
        }
    }

    public void Dispose()
    {
        lock (_turn)
        {
            _disposed = true;
            _next.Dispose();
            _latest.Dispose();
        }
    }
}
