using System.Net.Sockets;

namespace Vla.Sensors.Cameras.Streams;

/// <summary>A connection that knows when its bytes arrived and that does not wait for ever.</summary>
/// <remarks>
/// A read that nothing comes for ends after <see cref="Silence"/>; any read ends at the <see cref="Deadline"/>.
/// </remarks>
internal sealed class ArrivalStream(Socket socket, TimeProvider time) : Stream
{
    /// <summary>How long the other side may send nothing at all.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    // Whoever closes the connection meanwhile is noticed after so long.
    private const int SliceMs = 100;

    private long _lastReadNs = time.NowNs();
    private volatile bool _closed;

    /// <summary>When the bytes read last could have been read at the earliest, monotonic nanoseconds.</summary>
    public long ArrivedNs { get; private set; } = time.NowNs();

    /// <summary>When reading ends whatever comes, monotonic nanoseconds.</summary>
    public long Deadline { get; set; } = long.MaxValue;

    /// <summary>Bytes read so far.</summary>
    public long Received { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        // What is there already came while nobody was reading: at the earliest right after the last read.
        var waited = socket.Available == 0;
        if (waited)
            Wait();
        ArrivedNs = waited ? time.NowNs() : _lastReadNs;
        var read = socket.Receive(buffer);
        _lastReadNs = time.NowNs();
        Received += read;
        if (_lastReadNs > Deadline)
            throw new TimeoutException();
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
            buffer = buffer[socket.Send(buffer)..];
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _closed = true;
        if (disposing)
            socket.Dispose();
        base.Dispose(disposing);
    }

    private void Wait()
    {
        var silentNs = time.NowNs() + (long)Silence.TotalNanoseconds;
        while (!socket.Poll(TimeSpan.FromMilliseconds(SliceMs), SelectMode.SelectRead))
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            var nowNs = time.NowNs();
            if (nowNs > silentNs)
                throw new SilenceException();
            if (nowNs > Deadline)
                throw new TimeoutException();
        }
    }
}

/// <summary>The other side of a connection has sent nothing for <see cref="ArrivalStream.Silence"/>.</summary>
internal sealed class SilenceException() : IOException("nothing was sent");
