namespace Vla.Sensors.Observations;

/// <summary>The newest states of a robot, each with the time at which it was true.</summary>
/// <remarks>
/// <para>
/// The state at a moment is the newest that had been measured by then, never one made up between two: what is between
/// two readings was not measured, an angle may have wrapped in between and a jaw may have met something. It is a
/// reading's spacing old at most.
/// </para>
/// <para>One thread adds at a time, any number read meanwhile; nobody waits and nothing is allocated.</para>
/// </remarks>
public sealed class StateRing
{
    /// <summary>More than a second of a robot that is read 200 times a second.</summary>
    public const int DefaultLength = 256;

    private readonly long[] _times;
    private readonly float[] _values;
    private long _written;
    private long _writing;

    /// <param name="width">Values in a state.</param>
    /// <param name="length">States that are kept.</param>
    /// <exception cref="ArgumentOutOfRangeException">A width below 0, or a length below 1.</exception>
    public StateRing(int width, int length = DefaultLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        Width = width;
        (_times, _values) = (new long[length], new float[length * width]);
    }

    /// <summary>Values in a state.</summary>
    public int Width { get; }

    /// <summary>When the newest state was true, monotonic nanoseconds; null before the first.</summary>
    public long? NewestNs
    {
        get
        {
            var written = Volatile.Read(ref _written);
            return written == 0 ? null : Volatile.Read(ref _times[(written - 1) % _times.Length]);
        }
    }

    /// <summary>Told of every state on the thread that adds it: must return at once.</summary>
    public StateAdded? Added { get; set; }

    /// <summary>Adds a state.</summary>
    /// <param name="atNs">When it was true, monotonic nanoseconds.</param>
    /// <param name="values">As many as <see cref="Width"/>.</param>
    /// <returns>False, and nothing has happened, when that was before the newest one: time does not go back.</returns>
    /// <exception cref="ArgumentException">There are more values, or fewer.</exception>
    public bool Add(long atNs, ReadOnlySpan<float> values)
    {
        if (values.Length != Width)
            throw new ArgumentException($"a state has {Width} values, not {values.Length}", nameof(values));
        var written = _written;
        if (written > 0 && atNs < _times[(written - 1) % _times.Length])
            return false;
        var place = (int)(written % _times.Length);
        Volatile.Write(ref _writing, written + 1);
        Interlocked.MemoryBarrier();
        Volatile.Write(ref _times[place], atNs);
        values.CopyTo(_values.AsSpan(place * Width, Width));
        Volatile.Write(ref _written, written + 1);
        Added?.Invoke(atNs, values);
        return true;
    }

    /// <summary>The newest state that had been measured by a moment.</summary>
    /// <param name="atNs">The moment, monotonic nanoseconds.</param>
    /// <param name="values">Receives as many as <see cref="Width"/>.</param>
    /// <param name="readNs">When it was true, monotonic nanoseconds; never after <paramref name="atNs"/>.</param>
    /// <returns>False when nothing is known of that moment, or not any more.</returns>
    public bool TryRead(long atNs, Span<float> values, out long readNs)
    {
        while (Find(atNs) is >= 0 and var index)
        {
            var place = (int)(index % _times.Length);
            readNs = Volatile.Read(ref _times[place]);
            _values.AsSpan(place * Width, Width).CopyTo(values);
            if (IsStillThere(index))
                return true;
        }

        readNs = 0;
        return false;
    }

    /// <summary>One value of <see cref="TryRead"/>.</summary>
    public bool TryReadOne(long atNs, int which, out float value, out long readNs)
    {
        while (Find(atNs) is >= 0 and var index)
        {
            var place = (int)(index % _times.Length);
            readNs = Volatile.Read(ref _times[place]);
            value = Volatile.Read(ref _values[place * Width + which]);
            if (IsStillThere(index))
                return true;
        }

        (value, readNs) = (0, 0);
        return false;
    }

    private long Find(long atNs)
    {
        var written = Volatile.Read(ref _written);
        for (var index = written - 1; index >= 0 && IsStillThere(index); index--)
        {
            // One that was overwritten meanwhile is newer than its neighbours.
            if (Volatile.Read(ref _times[index % _times.Length]) <= atNs)
                return index;
        }

        return -1;
    }

    private bool IsStillThere(long index)
    {
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref _writing) - index <= _times.Length;
    }
}

/// <summary>A robot has told its state.</summary>
/// <param name="atNs">When it was true, monotonic nanoseconds.</param>
/// <param name="values">Of the call only: to be copied by whoever keeps them.</param>
public delegate void StateAdded(long atNs, ReadOnlySpan<float> values);
