namespace Vla.Actors.Telemetry;

/// <summary>Hands values from one thread to another: no lock, no waiting, no allocation; a full ring takes no more.</summary>
/// <remarks>One thread writes, one at a time reads.</remarks>
internal sealed class Ring<T>(int capacity)
    where T : struct
{
    private readonly T[] _slots = new T[capacity];
    private long _written;
    private long _read;
    private long _lost;

    /// <summary>Values that found the ring full.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    public void Write(in T value)
    {
        var written = _written;
        if (written - Volatile.Read(ref _read) == capacity)
        {
            Interlocked.Increment(ref _lost);
            return;
        }

        _slots[written % capacity] = value;
        Volatile.Write(ref _written, written + 1);
    }

    public bool TryRead(out T value)
    {
        var read = _read;
        if (read == Volatile.Read(ref _written))
        {
            value = default;
            return false;
        }

        value = _slots[read % capacity];
        _slots[read % capacity] = default;
        Volatile.Write(ref _read, read + 1);
        return true;
    }
}
