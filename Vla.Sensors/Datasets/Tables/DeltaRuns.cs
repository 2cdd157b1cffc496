namespace Vla.Sensors.Datasets.Tables;

/// <summary>Decodes whole numbers that are stored as differences (Parquet's encoding DELTA_BINARY_PACKED).</summary>
internal static class DeltaRuns
{
    private const int LargestBlock = 1 << 16;

    /// <param name="bytes">The page's values; what follows them is left.</param>
    /// <param name="into">As many values as are wanted, no fewer of which may come.</param>
    /// <returns>Bytes they took.</returns>
    /// <exception cref="InvalidDataException">There are not so many, or it is damaged.</exception>
    public static int Decode(ReadOnlySpan<byte> bytes, Span<long> into)
    {
        var at = 0;
        var block = Varint(bytes, ref at);
        var parts = Varint(bytes, ref at);
        var total = Varint(bytes, ref at);
        var value = ZigZag(Varint(bytes, ref at));
        if (
            block is 0 or > LargestBlock
            || parts is 0 or > LargestBlock
            || block % parts != 0
            || block / parts % 8 != 0
            || total != (ulong)into.Length
        )
            throw new InvalidDataException("a page of differences is damaged");
        if (into.IsEmpty)
            return at;

        into[0] = value;
        var perPart = (int)(block / parts);
        for (var filled = 1; filled < into.Length; )
        {
            var least = ZigZag(Varint(bytes, ref at));
            if (bytes.Length - at < (int)parts)
                throw Cut();
            var widths = bytes.Slice(at, (int)parts);
            at += widths.Length;
            foreach (var bits in widths)
            {
                if (filled == into.Length)
                    break;
                if (bits > 64)
                    throw new InvalidDataException($"differences of {bits} bits cannot be");
                var count = Math.Min(perPart, into.Length - filled);
                var needed = (int)(((long)count * bits + 7) / 8);
                if (bytes.Length - at < needed)
                    throw Cut();
                var packed = bytes.Slice(at, needed);
                for (var i = 0; i < count; i++)
                {
                    value = unchecked(value + least + (long)Bits(packed, (long)i * bits, bits));
                    into[filled++] = value;
                }

                // The last part may end with its last value.
                at += Math.Min(perPart * bits / 8, bytes.Length - at);
            }
        }

        return at;
    }

    private static ulong Bits(ReadOnlySpan<byte> bytes, long start, int count)
    {
        var value = 0UL;
        for (var done = 0; done < count; )
        {
            var (at, shift) = ((int)((start + done) / 8), (int)((start + done) % 8));
            var taken = Math.Min(8 - shift, count - done);
            value |= (ulong)(bytes[at] >> shift & ((1 << taken) - 1)) << done;
            done += taken;
        }

        return value;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0UL;
        for (var i = 0; i < 10; i++)
        {
            if (at >= bytes.Length)
                throw Cut();
            var part = bytes[at++];
            value |= (ulong)(part & 0x7f) << (7 * i);
            if (part < 0x80)
                return value;
        }

        throw Cut();
    }

    private static long ZigZag(ulong raw) => (long)(raw >> 1) ^ -(long)(raw & 1);

    private static InvalidDataException Cut() => new("a page holds fewer values than it should");
}
