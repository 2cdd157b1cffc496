namespace Vla.Sensors.Datasets.Tables;

/// <summary>
/// Decodes small whole numbers that are stored as runs: repeated, or packed bit by bit (Parquet's encoding RLE).
/// </summary>
internal static class HybridRuns
{
    /// <summary>Fills an array with values.</summary>
    /// <param name="bytes">The runs; what follows them is left.</param>
    /// <param name="bits">Of a value, 0 to 32.</param>
    /// <param name="into">As many values as are wanted, no fewer of which may come.</param>
    /// <exception cref="InvalidDataException">There are not so many.</exception>
    public static void Decode(ReadOnlySpan<byte> bytes, int bits, Span<int> into)
    {
        if (bits is < 0 or > 32)
            throw new InvalidDataException($"values of {bits} bits cannot be");
        if (bits == 0)
        {
            into.Clear();
            return;
        }

        var width = (bits + 7) / 8;
        for (var filled = 0; filled < into.Length; )
        {
            var head = Head(ref bytes);
            var count = (int)Math.Min(head >> 1, (uint)(into.Length - filled));
            if ((head & 1) == 0)
            {
                if (bytes.Length < width)
                    throw Cut();
                var value = 0;
                for (var i = 0; i < width; i++)
                    value |= bytes[i] << (8 * i);
                bytes = bytes[width..];
                into.Slice(filled, count).Fill(value);
            }
            else
            {
                // Packed values come in groups of eight.
                count = (int)Math.Min(8L * (head >> 1), into.Length - filled);
                var length = Math.Min(bits * (long)(head >> 1), bytes.Length);
                if (length * 8 < (long)count * bits)
                    throw Cut();
                Unpack(bytes, bits, into.Slice(filled, count));
                bytes = bytes[(int)length..];
            }

            if (count == 0 && bytes.IsEmpty)
                throw Cut();
            filled += count;
        }
    }

    private static void Unpack(ReadOnlySpan<byte> bytes, int bits, Span<int> into)
    {
        var mask = (1UL << bits) - 1;
        var (buffer, there, next) = (0UL, 0, 0);
        for (var i = 0; i < into.Length; i++)
        {
            for (; there < bits; there += 8)
                buffer |= (ulong)bytes[next++] << there;
            into[i] = (int)(buffer & mask);
            buffer >>= bits;
            there -= bits;
        }
    }

    private static uint Head(ref ReadOnlySpan<byte> bytes)
    {
        var head = 0UL;
        for (var i = 0; i < 5; i++)
        {
            if (i >= bytes.Length)
                break;
            head |= (ulong)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] >= 0x80)
                continue;
            bytes = bytes[(i + 1)..];
            return head <= uint.MaxValue ? (uint)head : throw Cut();
        }

        throw Cut();
    }

    private static InvalidDataException Cut() => new("a page holds fewer values than it should");
}
