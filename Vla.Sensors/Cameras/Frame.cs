using Vla.Sensors.Images;

namespace Vla.Sensors.Cameras;

/// <summary>One camera picture, prepared for the policy. Whoever holds it owns it and disposes it, once.</summary>
/// <remarks>The pixel memory belongs to a <see cref="FramePool"/> and goes back there on dispose.</remarks>
public sealed class Frame : IDisposable
{
    private int _rented;

    internal Frame(FramePool pool, ImageSpec spec)
    {
        Pool = pool;
        Height = spec.Height;
        Width = spec.Width;
        Pixels = GC.AllocateUninitializedArray<float>(Height * Width * 3, pinned: true);
    }

    /// <summary>Where it comes from and goes back to.</summary>
    public FramePool Pool { get; }

    /// <summary>Counts the pictures of this run from 1; survives a reopened camera.</summary>
    public long Sequence { get; set; }

    /// <summary>When the picture was taken, monotonic nanoseconds.</summary>
    public long CapturedNs { get; set; }

    /// <summary>When resizing and normalisation were done, monotonic nanoseconds.</summary>
    public long PreparedNs { get; set; }

    /// <summary>Pixels from top to bottom.</summary>
    public int Height { get; }

    /// <summary>Pixels from left to right.</summary>
    public int Width { get; }

    /// <summary>Normalised values [height, width, 3], RGB, channels last; pinned for the life of the pool.</summary>
    public float[] Pixels { get; }

    internal void MarkRented() => Volatile.Write(ref _rented, 1);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, 0) == 1)
            Pool.Return(this);
    }
}

/// <summary>
/// Lends out the few <see cref="Frame"/>s that are under way at once, so that none is allocated per picture.
/// </summary>
/// <remarks>
/// The frame given back last is lent first: its memory is still in the cache. All are there from the beginning, so
/// whoever keeps something for each of them knows how much that will be; more are made only if somebody holds on to
/// these.
/// </remarks>
public sealed class FramePool
{
    // One being prepared, one waiting, one at work; as many again for what a restart has not given back yet.
    private const int Usual = 6;

    private readonly Lock _gate = new();
    private readonly Stack<Frame> _free = new(Usual);
    private readonly List<Frame> _all = new(Usual);
    private int _lent;

    /// <summary>Frames of one form.</summary>
    public FramePool(ImageSpec spec)
    {
        Spec = spec;
        for (var i = 0; i < Usual; i++)
            _free.Push(Make());
    }

    /// <summary>The form of its frames.</summary>
    public ImageSpec Spec { get; }

    /// <summary>Frames lent out and not yet disposed.</summary>
    public int Lent => Volatile.Read(ref _lent);

    /// <summary>Every frame of this pool, lent out or not.</summary>
    public IReadOnlyList<Frame> All
    {
        get
        {
            lock (_gate)
                return [.. _all];
        }
    }

    /// <summary>A frame with whatever was in it last; disposing it gives it back.</summary>
    public Frame Rent()
    {
        lock (_gate)
        {
            var frame = _free.TryPop(out var free) ? free : Make();
            frame.MarkRented();
            _lent++;
            return frame;
        }
    }

    internal void Return(Frame frame)
    {
        lock (_gate)
        {
            _lent--;
            _free.Push(frame);
        }
    }

    private Frame Make()
    {
        var frame = new Frame(this, Spec);
        _all.Add(frame);
        return frame;
    }
}
