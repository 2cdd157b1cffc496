using System.Collections.Concurrent;
using Vla.Sensors.Images;

namespace Vla.Sensors.Cameras;

/// <summary>One camera picture, prepared for the policy. Whoever holds it owns it and disposes it, once.</summary>
/// <remarks>The pixel memory belongs to a <see cref="FramePool"/> and goes back there on dispose.</remarks>
public sealed class Frame : IDisposable
{
    private readonly FramePool _pool;
    private int _rented;

    internal Frame(FramePool pool, ImageSpec spec)
    {
        _pool = pool;
        Height = spec.Height;
        Width = spec.Width;
        Pixels = GC.AllocateUninitializedArray<float>(Height * Width * 3, pinned: true);
    }

    /// <summary>Counts the pictures of this run from 1; survives a reopened camera.</summary>
    public long Sequence { get; set; }

    /// <summary>When the picture was taken, monotonic nanoseconds.</summary>
    public long CapturedNs { get; set; }

    /// <summary>When resizing and normalisation were done, monotonic nanoseconds.</summary>
    public long PreparedNs { get; set; }

    public int Height { get; }

    public int Width { get; }

    /// <summary>Normalised values [height, width, 3], RGB, channels last; pinned for the life of the pool.</summary>
    public float[] Pixels { get; }

    internal void MarkRented() => Volatile.Write(ref _rented, 1);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, 0) == 1) _pool.Return(this);
    }
}

/// <summary>Lends out the few <see cref="Frame"/>s that are under way at once, so that none is allocated per picture.</summary>
public sealed class FramePool(ImageSpec spec)
{
    private readonly ConcurrentBag<Frame> _free = [];
    private int _lent;

    public ImageSpec Spec { get; } = spec;

    /// <summary>Frames lent out and not yet disposed.</summary>
    public int Lent => Volatile.Read(ref _lent);

    public Frame Rent()
    {
        var frame = _free.TryTake(out var free) ? free : new Frame(this, Spec);
        frame.MarkRented();
        Interlocked.Increment(ref _lent);
        return frame;
    }

    internal void Return(Frame frame)
    {
        Interlocked.Decrement(ref _lent);
        _free.Add(frame);
    }
}
