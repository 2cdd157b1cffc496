using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>Two pictures in turn: the camera writes one while anyone may copy the other.</summary>
/// <remarks>The writer never waits: while somebody copies, it goes on overwriting its own picture.</remarks>
internal sealed class LatestPicture : IDisposable
{
    private readonly Lock _turn = new();
    private Mat _next = new();
    private Mat _latest = new();
    private PictureStamp _stamp;
    private bool _disposed;

    /// <summary>The picture to write into; for the writer's thread only.</summary>
    public Mat Next => _next;

    /// <summary>Makes what was written the latest picture, unless the one before is just being copied.</summary>
    public void Publish(PictureStamp stamp)
    {
        if (!_turn.TryEnter())
            return;
        try
        {
            (_next, _latest) = (_latest, _next);
            _stamp = stamp;
        }
        finally
        {
            _turn.Exit();
        }
    }

    /// <summary>
    /// Whether what was written is the latest picture once more, to the last byte; for the writer's thread only.
    /// </summary>
    /// <remarks>
    /// Two pictures of a sensor differ within the first few bytes: this costs something only when they are the same.
    /// </remarks>
    public unsafe bool IsSameAgain()
    {
        if (_latest.Empty() || _next.Size() != _latest.Size() || _next.Type() != _latest.Type())
            return false;
        var (rows, rowLength) = (_next.Height, _next.Width * _next.ElemSize());
        for (var y = 0; y < rows; y++)
        {
            var row = new ReadOnlySpan<byte>((byte*)_next.Ptr(y), rowLength);
            if (!row.SequenceEqual(new ReadOnlySpan<byte>((byte*)_latest.Ptr(y), rowLength)))
                return false;
        }

        return true;
    }

    public bool TryCopy(Mat into, out PictureStamp stamp)
    {
        lock (_turn)
        {
            stamp = _stamp;
            if (_disposed || _latest.Empty())
                return false;
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

/// <summary>Which picture it is.</summary>
/// <param name="Sequence">As <see cref="Frame.Sequence"/>.</param>
/// <param name="CapturedNs">When it was taken, monotonic nanoseconds.</param>
public readonly record struct PictureStamp(long Sequence, long CapturedNs);
