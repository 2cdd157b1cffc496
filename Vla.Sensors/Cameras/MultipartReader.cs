using System.Buffers.Text;

namespace Vla.Sensors.Cameras;

/// <summary>Reads the parts of an endless <c>multipart/x-mixed-replace</c> answer (RFC 2046), as network cameras send it.</summary>
/// <remarks>
/// Takes the boundary from the first line rather than from the header: cameras disagree on whether the header's
/// boundary includes the dashes. Reuses its memory from part to part.
/// </remarks>
internal sealed class MultipartReader(Stream stream, TimeProvider time)
{
    private const int MaximumLine = 4_096;
    private const int MaximumPart = 32 * 1024 * 1024;
    private const int MaximumHeaders = 64;

    private byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _end;
    private long _filledNs;
    private byte[]? _delimiter;

    /// <summary>Reads the next part's body; it is valid until the next call.</summary>
    /// <param name="arrivedNs">When the body began to arrive, monotonic nanoseconds.</param>
    /// <exception cref="InvalidDataException">This is no multipart answer.</exception>
    /// <exception cref="IOException">The connection broke, ended or fell silent.</exception>
    public ReadOnlySpan<byte> ReadPart(out long arrivedNs)
    {
        SkipToBoundary();
        var length = ReadHeaders();
        if (_start == _end) Fill();
        arrivedNs = _filledNs;
        return length is { } known ? Take(known) : TakeToDelimiter();
    }

    private void SkipToBoundary()
    {
        for (var skipped = 0; skipped < MaximumHeaders; skipped++)
        {
            var line = ReadLine();
            if (line.IsEmpty) continue;
            if (!line.StartsWith("--"u8)) throw new InvalidDataException("a part does not begin with a boundary");
            _delimiter ??= [.. "\r\n"u8, .. line];
            return;
        }

        throw new InvalidDataException("no part begins");
    }

    private int? ReadHeaders()
    {
        const string LengthName = "content-length:";
        int? length = null;
        for (var headers = 0; headers < MaximumHeaders; headers++)
        {
            var line = ReadLine();
            if (line.IsEmpty) return length;
            if (line.Length <= LengthName.Length || !System.Text.Ascii.EqualsIgnoreCase(line[..LengthName.Length], LengthName)) continue;
            var text = line[LengthName.Length..].Trim((byte)' ');
            if (!Utf8Parser.TryParse(text, out int value, out var used) || used != text.Length || value is < 0 or > MaximumPart)
                throw new InvalidDataException("a part has no sensible length");
            length = value;
        }

        throw new InvalidDataException("a part has too many headers");
    }

    private ReadOnlySpan<byte> ReadLine()
    {
        for (var searched = 0; ;)
        {
            var waiting = _buffer.AsSpan(_start, _end - _start);
            var end = waiting[searched..].IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = waiting[..(searched + end)];
                _start += line.Length + 1;
                return line.TrimEnd((byte)'\r');
            }

            searched = waiting.Length;
            if (searched > MaximumLine) throw new InvalidDataException("a line is too long");
            Fill();
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        while (_end - _start < length) Fill();
        _start += length;
        return _buffer.AsSpan(_start - length, length);
    }

    private ReadOnlySpan<byte> TakeToDelimiter()
    {
        for (var searched = 0; ;)
        {
            var waiting = _buffer.AsSpan(_start, _end - _start);
            var end = waiting[searched..].IndexOf(_delimiter);
            if (end >= 0) return Take(searched + end);
            // The delimiter may have arrived in part.
            searched = Math.Max(0, waiting.Length - _delimiter!.Length);
            Fill();
        }
    }

    private void Fill()
    {
        if (_end == _buffer.Length)
        {
            if (_start == 0 && _buffer.Length >= MaximumPart) throw new InvalidDataException("a part is too long");
            var target = _start > 0 ? _buffer : new byte[_buffer.Length * 2];
            _buffer.AsSpan(_start, _end - _start).CopyTo(target);
            (_buffer, _start, _end) = (target, 0, _end - _start);
        }

        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        if (read == 0) throw new EndOfStreamException();
        _end += read;
        _filledNs = time.NowNs();
    }
}
