using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Vla.Actors.Checkpoints.Pickling;

/// <summary>The bytes of a pickle, taken one thing after another; never more than are there.</summary>
internal sealed class PickleBytes(ReadOnlyMemory<byte> pickle, PickleErrors errors)
{
    /// <summary>How many were taken.</summary>
    public int Position { get; private set; }

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    public double Double() => BinaryPrimitives.ReadDoubleBigEndian(Take(sizeof(double)));

    /// <summary>
    /// A whole number of so many bytes; null for one larger than 64 bits: no size or count is, and nothing else is
    /// looked at. Python's random generators have such.
    /// </summary>
    public long? WholeNumber(uint length)
    {
        var bytes = Take(Length(length));
        if (bytes.Length > sizeof(long))
            return null;
        var value = 0L;
        for (var i = 0; i < bytes.Length; i++)
            value |= (long)bytes[i] << (8 * i);
        var unused = 64 - 8 * bytes.Length;
        return unused is 0 or 64 ? value : value << unused >> unused;
    }

    /// <summary>A whole number in digits, to the end of the line; null for what is none.</summary>
    public long? Decimal() =>
        long.TryParse(Line().TrimEnd('L'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    /// <summary>A fraction in digits, to the end of the line.</summary>
    /// <returns>What stands for it, 0: nothing that is kept is one.</returns>
    public double Fraction()
    {
        Line();
        return 0;
    }

    public string Text(ulong length) => Encoding.UTF8.GetString(Take(Length(length)));

    /// <summary>The text to the end of the line.</summary>
    public string Line()
    {
        var length = pickle.Span[Position..].IndexOf((byte)'\n');
        if (length < 0)
            throw errors.Damaged("is cut off");
        var line = Encoding.UTF8.GetString(Take(length));
        Take(1);
        return line;
    }

    /// <summary>Leaves so many out: bytes say nothing about weights.</summary>
    /// <returns>What stands for them: nothing.</returns>
    public object? Skip(ulong length)
    {
        Take(Length(length));
        return null;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > pickle.Length - Position)
            throw errors.Damaged("is cut off");
        var taken = pickle.Span.Slice(Position, count);
        Position += count;
        return taken;
    }

    private int Length(ulong length) =>
        length <= (ulong)pickle.Length ? (int)length : throw errors.Damaged("is cut off");
}
