using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>
/// A camera's newest pictures as it gave them: it writes the next one while anyone may copy the others.
/// </summary>
/// <remarks>
/// The memory belongs to this for good and is used again and again; whoever wants a picture copies it. Nobody waits:
/// the writer takes the oldest picture that is not being copied, and where there is none writes over its own.
/// </remarks>
internal sealed class RecentPictures : IDisposable
{
    /// <summary>One that is written and one that is copied while the kept ones stay whole.</summary>
    private const int Besides = 2;

    private Slot[] _slots = [new()];
    private Slot _next;
    private Slot? _latest;
    private int _kept = 1;
    private volatile bool _disposed;

    public RecentPictures()
    {
        _next = _slots[0];
        _next.TryTake();
    }

    /// <summary>The picture to write into; for the writer's thread only.</summary>
    public Mat Next => _next.Picture;

    /// <summary>Pictures that are there now, the newest one among them, and memory for the next.</summary>
    internal int Count => Volatile.Read(ref _slots).Length;

    /// <summary>Pictures that nobody is writing and nobody copies.</summary>
    internal int AtRest => Volatile.Read(ref _slots).Count(slot => slot.IsAtRest);

    /// <summary>Keeps so many of the newest pictures, 1 or more; never fewer than it was asked for before.</summary>
    public void Keep(int pictures)
    {
        var kept = Volatile.Read(ref _kept);
        while (pictures > kept)
            kept = Interlocked.CompareExchange(ref _kept, pictures, kept);
    }

    /// <summary>Makes what was written the newest picture; for the writer's thread only.</summary>
    public void Publish(PictureStamp stamp)
    {
        if (FindNext() is not { } next)
            return;
        var written = _next;
        written.Stamp = stamp;
        written.Release();
        Volatile.Write(ref _latest, written);
        _next = next;
    }

    /// <summary>
    /// Whether what was written is the newest picture once more, to the last byte; for the writer's thread only.
    /// </summary>
    /// <remarks>
    /// Two pictures of a sensor differ within the first few bytes: this costs something only when they are the same.
    /// </remarks>
    public unsafe bool IsSameAgain()
    {
        if (_latest?.Picture is not { } latest)
            return false;
        var next = _next.Picture;
        if (next.Size() != latest.Size() || next.Type() != latest.Type())
            return false;
        var (rows, rowLength) = (next.Height, next.Width * next.ElemSize());
        for (var y = 0; y < rows; y++)
        {
            var row = new ReadOnlySpan<byte>((byte*)next.Ptr(y), rowLength);
            if (!row.SequenceEqual(new ReadOnlySpan<byte>((byte*)latest.Ptr(y), rowLength)))
                return false;
        }

        return true;
    }

    /// <summary>Copies the newest picture, from any thread.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryCopy(Mat into, out PictureStamp stamp)
    {
        stamp = default;
        while (!_disposed && Volatile.Read(ref _latest) is { } latest)
        {
            // One that is written again meanwhile is not the newest any more.
            if (!latest.TryHold())
                continue;
            stamp = latest.Stamp;
            return Copy(latest, into);
        }

        return false;
    }

    /// <summary>Copies the picture of a number, from any thread.</summary>
    /// <returns>False when it is not kept any more, or never was.</returns>
    public bool TryCopy(long sequence, Mat into, out PictureStamp stamp)
    {
        foreach (var slot in Volatile.Read(ref _slots))
        {
            if (_disposed || slot.Stamp.Sequence != sequence || !slot.TryHold())
                continue;
            stamp = slot.Stamp;
            if (stamp.Sequence == sequence)
                return Copy(slot, into);
            LetGo(slot);
        }

        stamp = default;
        return false;
    }

    /// <summary>
    /// Frees the memory; what is being copied is freed by whoever copies it. Called after the last
    /// <see cref="Publish"/>.
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _next.Release();
        foreach (var slot in Volatile.Read(ref _slots))
            slot.TryFree();
    }

    private bool Copy(Slot slot, Mat into)
    {
        try
        {
            slot.Picture.CopyTo(into);
            return true;
        }
        finally
        {
            LetGo(slot);
        }
    }

    private void LetGo(Slot slot)
    {
        slot.LetGo();
        if (_disposed)
            slot.TryFree();
    }

    /// <summary>Memory for the next picture: new while there is little, then the oldest that nobody copies.</summary>
    private Slot? FindNext()
    {
        if (_slots.Length < Volatile.Read(ref _kept) + Besides)
        {
            var made = new Slot();
            made.TryTake();
            Volatile.Write(ref _slots, [.. _slots, made]);
            return made;
        }

        while (true)
        {
            Slot? oldest = null;
            foreach (var slot in _slots)
            {
                if (slot.IsAtRest && slot != _latest && !(oldest?.Stamp.Sequence <= slot.Stamp.Sequence))
                    oldest = slot;
            }

            if (oldest is null || oldest.TryTake())
                return oldest;
        }
    }

    /// <summary>A picture, and who is at it: the writer alone, or any number who copy.</summary>
    private sealed class Slot
    {
        private const int Taken = -1;
        private const int Freed = -2;

        private int _users;
        private long _sequence;
        private long _capturedNs;

        public Mat Picture { get; } = new();

        public PictureStamp Stamp
        {
            get => new(Interlocked.Read(ref _sequence), Interlocked.Read(ref _capturedNs));
            set
            {
                Interlocked.Exchange(ref _capturedNs, value.CapturedNs);
                Interlocked.Exchange(ref _sequence, value.Sequence);
            }
        }

        public bool IsAtRest => Volatile.Read(ref _users) == 0;

        public bool TryTake() => Interlocked.CompareExchange(ref _users, Taken, 0) == 0;

        public void Release() => Volatile.Write(ref _users, 0);

        public bool TryHold()
        {
            var users = Volatile.Read(ref _users);
            while (users >= 0)
            {
                var before = Interlocked.CompareExchange(ref _users, users + 1, users);
                if (before == users)
                    return true;
                users = before;
            }

            return false;
        }

        public void LetGo() => Interlocked.Decrement(ref _users);

        public void TryFree()
        {
            if (Interlocked.CompareExchange(ref _users, Freed, 0) == 0)
                Picture.Dispose();
        }
    }
}

/// <summary>Which picture it is.</summary>
/// <param name="Sequence">As <see cref="Frame.Sequence"/>.</param>
/// <param name="CapturedNs">When it was taken, monotonic nanoseconds.</param>
public readonly record struct PictureStamp(long Sequence, long CapturedNs);
