namespace Vla.Sensors.Images.Jpeg;

/// <summary>
/// Reads the bits of one entropy-coded segment (T.81, F.2.2.5): without stuffing, up to the next marker.
/// </summary>
/// <param name="data">The whole picture.</param>
/// <param name="position">Where the segment begins.</param>
internal ref struct JpegBits(ReadOnlySpan<byte> data, int position)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private int _position = position;
    private ulong _bits;
    private int _count;

    // Bits that are not in the segment: behind its end zeros are read.
    private int _missing;

    /// <summary>True once bits behind the segment's end have been used.</summary>
    public readonly bool IsExhausted => _count < _missing;

    /// <summary>The next <paramref name="count"/> bits, 1 to 16, without using them up.</summary>
    public uint Peek(int count)
    {
        if (_count < 16)
            Fill();
        return (uint)(_bits >> (64 - count));
    }

    public void Skip(int count)
    {
        if (_count < count)
            Fill();
        _bits <<= count;
        _count -= count;
    }

    /// <summary>So many bits, 0 to 16, as a number.</summary>
    public uint Read(int count)
    {
        if (count == 0)
            return 0;
        var value = Peek(count);
        Skip(count);
        return value;
    }

    /// <summary>
    /// Ends the segment: whole bytes that nobody has read, and where the next marker's 0xFF is; -1 when there is none.
    /// </summary>
    public readonly (int Unread, int Marker) End()
    {
        var buffered = Math.Max(0, _count - _missing) / 8;
        var rest = _data[_position..];
        var skipped = 0;
        while (true)
        {
            var next = rest.IndexOf(JpegMarker.Prefix);
            if (next < 0 || next + 1 >= rest.Length)
                return (buffered + skipped + rest.Length, -1);
            skipped += next;
            if (rest[next + 1] is not (JpegMarker.Stuffing or JpegMarker.Prefix))
                return (buffered + skipped, _data.Length - rest.Length + next);
            // A data byte, or a byte that fills up before a marker.
            var filling = rest[next + 1] == JpegMarker.Prefix;
            skipped += filling ? 0 : 1;
            rest = rest[(next + (filling ? 1 : 2))..];
        }
    }

    private void Fill()
    {
        if (_position + 8 <= _data.Length)
        {
            var next = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(_data[_position..]);
            if (!HasPrefix(next))
            {
                var bytes = (64 - _count) / 8;
                if (bytes < 8)
                    next &= ~(ulong.MaxValue >> (8 * bytes));
                _bits |= next >> _count;
                _count += 8 * bytes;
                _position += bytes;
                return;
            }
        }

        while (_count <= 56)
            AddByte();
    }

    private void AddByte()
    {
        uint value = 0;
        if (_position < _data.Length && (value = _data[_position]) != JpegMarker.Prefix)
        {
            _position++;
        }
        else if (_position + 1 < _data.Length && _data[_position + 1] == JpegMarker.Stuffing)
        {
            _position += 2;
        }
        else
        {
            value = 0;
            _missing += 8;
        }

        _bits |= (ulong)value << (56 - _count);
        _count += 8;
    }

    // Whether one of the eight bytes is 0xFF: then it is zero in the complement.
    private static bool HasPrefix(ulong bytes) => ((~bytes - 0x0101010101010101) & bytes & 0x8080808080808080) != 0;

    /// <summary>The signed value that <paramref name="bits"/> of a category mean (T.81, F.2.2.1, EXTEND).</summary>
    public static int Extend(uint bits, int category) =>
        category == 0 || bits >> (category - 1) != 0 ? (int)bits : (int)bits - (1 << category) + 1;
}
