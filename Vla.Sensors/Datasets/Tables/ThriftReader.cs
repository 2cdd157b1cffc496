namespace Vla.Sensors.Datasets.Tables;

/// <summary>
/// Reads Thrift's compact protocol, in which Parquet files describe themselves, and never past the end.
/// </summary>
/// <remarks>
/// Source: apache/thrift, <c>doc/specs/thrift-compact-protocol.md</c>. Whatever is wrong is an
/// <see cref="InvalidDataException"/>; each step takes at least one byte, so that there is an end to everything.
/// </remarks>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    public const byte True = 1,
        False = 2,
        I32 = 5,
        I64 = 6,
        Binary = 8,
        List = 9,
        Set = 10,
        Map = 11,
        Struct = 12;

    private const byte Byte = 3,
        I16 = 4,
        Double = 7;
    private const int Deepest = 24;
    private const int LongestVarint = 10;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Goes to a structure's next field.</summary>
    /// <param name="id">The field before it, 0 at the beginning; becomes its own.</param>
    /// <param name="type">Of its value, which must be read or skipped next.</param>
    /// <returns>False at the structure's end.</returns>
    public bool Next(ref int id, out byte type)
    {
        var head = Take();
        type = (byte)(head & 0x0f);
        if (type == 0)
            return false;
        id = head >> 4 is var step and not 0 ? id + step : Number(short.MinValue, short.MaxValue);
        return true;
    }

    /// <summary>A whole number of 16 to 64 bits.</summary>
    public long Long()
    {
        var raw = Varint();
        return (long)(raw >> 1) ^ -(long)(raw & 1);
    }

    /// <summary>A whole number within bounds.</summary>
    public int Number(int least = 0, int most = int.MaxValue) =>
        Long() is var number && number >= least && number <= most
            ? (int)number
            : throw new InvalidDataException($"a number is {number}, which cannot be");

    /// <summary>Bytes, such as those of a text.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        var length = Varint();
        if (length > (ulong)(_bytes.Length - Position))
            throw Cut();
        var taken = _bytes.Slice(Position, (int)length);
        Position += taken.Length;
        return taken;
    }

    /// <summary>A list's beginning.</summary>
    /// <returns>How many values follow; each takes a byte at least.</returns>
    public int Begin(out byte type)
    {
        var head = Take();
        type = (byte)(head & 0x0f);
        var count = head >> 4 is var few and < 15 ? (ulong)few : Varint();
        return count <= (ulong)(_bytes.Length - Position) ? (int)count : throw Cut();
    }

    /// <summary>Passes over a value.</summary>
    public void Skip(byte type) => Skip(type, inList: false, Deepest);

    private void Skip(byte type, bool inList, int depth)
    {
        if (depth == 0)
            throw new InvalidDataException("it is nested too deeply");
        switch (type)
        {
            case True or False:
                if (inList)
                    Take();
                break;
            case Byte:
                Take();
                break;
            case I16 or I32 or I64:
                Varint();
                break;
            case Double:
                for (var i = 0; i < sizeof(double); i++)
                    Take();
                break;
            case Binary:
                Bytes();
                break;
            case List or Set:
                for (var left = Begin(out var element); left > 0; left--)
                    Skip(element, inList: true, depth - 1);
                break;
            case Map:
                SkipMap(depth);
                break;
            case Struct:
                for (var id = 0; Next(ref id, out var field); )
                    Skip(field, inList: false, depth - 1);
                break;
            default:
                throw new InvalidDataException($"a value is of the unknown type {type}");
        }
    }

    private void SkipMap(int depth)
    {
        var count = Varint();
        if (count > (ulong)(_bytes.Length - Position))
            throw Cut();
        if (count == 0)
            return;
        var types = Take();
        for (; count > 0; count--)
        {
            Skip((byte)(types >> 4), inList: true, depth - 1);
            Skip((byte)(types & 0x0f), inList: true, depth - 1);
        }
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var i = 0; i < LongestVarint; i++)
        {
            var part = Take();
            value |= (ulong)(part & 0x7f) << (7 * i);
            if (part < 0x80)
                return value;
        }

        throw new InvalidDataException("a number is longer than 64 bits");
    }

    private byte Take() => Position < _bytes.Length ? _bytes[Position++] : throw Cut();

    private static InvalidDataException Cut() => new("it ends in the middle");
}
