namespace Vla.Sensors.Cameras.Streams;

/// <summary>
/// Where a connection's reader puts whole pictures for whoever decodes them: only the newest is kept.
/// </summary>
/// <remarks>The reader never waits for the decoder, so nothing grows old in the connection.</remarks>
internal sealed class PictureInbox
{
    // Monitor's, because the decoder waits in it.
    private readonly object _gate = new();
    private readonly Stack<ReceivedPicture> _free = new([
        new ReceivedPicture(),
        new ReceivedPicture(),
        new ReceivedPicture(),
    ]);
    private ReceivedPicture? _newest;
    private CameraException? _end;
    private long _came;
    private long _broken;

    /// <summary>Pictures that came and were not whole.</summary>
    public long Broken => Interlocked.Read(ref _broken);

    /// <summary>True when a picture waits.</summary>
    public bool HasPicture => Volatile.Read(ref _newest) is not null;

    /// <summary>Memory for the reader's next picture.</summary>
    public ReceivedPicture Rent()
    {
        lock (_gate)
            return _free.TryPop(out var picture) ? picture : new ReceivedPicture();
    }

    /// <summary>Gives memory back: the reader's of a picture that came to nothing, or the decoder's.</summary>
    public void Return(ReceivedPicture picture)
    {
        lock (_gate)
            _free.Push(picture);
    }

    /// <summary>Puts a whole picture in for the one that nobody has taken.</summary>
    public void Put(ReceivedPicture picture)
    {
        lock (_gate)
        {
            picture.Number = ++_came;
            if (_newest is { } overtaken)
                _free.Push(overtaken);
            _newest = picture;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>What was wrong with the last picture that came and was not whole; null when none was.</summary>
    public string? Problem { get; private set; }

    /// <summary>Counts a picture that came and is not given out.</summary>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    public void PassOver(string? problem)
    {
        lock (_gate)
        {
            _came++;
            if (problem is null)
                return;
            _broken++;
            Problem = problem;
        }
    }

    /// <summary>No more pictures will come; the first reason counts.</summary>
    public void End(CameraException reason)
    {
        lock (_gate)
        {
            _end ??= reason;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Takes the newest picture, or waits for one.</summary>
    /// <returns>Null when none came in time.</returns>
    /// <exception cref="CameraException">No more will come.</exception>
    public ReceivedPicture? Take(TimeSpan timeout)
    {
        var until = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        lock (_gate)
        {
            while (_newest is null)
            {
                if (_end is not null)
                    throw _end;
                var left = until - Environment.TickCount64;
                if (left <= 0)
                    return null;
                Monitor.Wait(_gate, (int)left);
            }

            var picture = _newest;
            _newest = null;
            return picture;
        }
    }
}

/// <summary>A picture as it came: compressed, or pixels.</summary>
internal sealed class ReceivedPicture
{
    private byte[] _memory = [];

    /// <summary>Counts what came over the connection from 1.</summary>
    public long Number { get; set; }

    /// <summary>When it was taken at the earliest, monotonic nanoseconds.</summary>
    public long TakenNs { get; set; }

    /// <summary>The camera's size of it in pixels, where it is known from elsewhere than the bytes.</summary>
    public (int Width, int Height) Size { get; set; }

    /// <summary>Where the bytes are pixels, how many there are in a row.</summary>
    public int PixelWidth { get; set; }

    /// <summary>Where the bytes are pixels, how many rows there are.</summary>
    public int PixelHeight { get; set; }

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _memory.AsSpan(0, Length);

    /// <summary>Memory of so many bytes to write into.</summary>
    public Span<byte> Write(int length)
    {
        // Compressed pictures differ in size: some more than this one needs.
        if (_memory.Length < length)
            _memory = GC.AllocateUninitializedArray<byte>(length + length / 4);
        Length = length;
        return _memory.AsSpan(0, length);
    }
}
