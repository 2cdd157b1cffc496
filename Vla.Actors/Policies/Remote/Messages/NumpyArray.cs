using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>A numpy array as it came in a message: bytes in C order, and what they mean.</summary>
/// <param name="Kind">numpy's: <c>f</c>, <c>i</c>, <c>u</c> or <c>b</c> (bool).</param>
/// <param name="ItemSize">Bytes of one number.</param>
/// <param name="IsBigEndian">Whether the first byte of a number is its most significant.</param>
/// <param name="Shape">Empty for a single number.</param>
/// <param name="Data">As long as kind and shape say; of the message, so no longer there than that is.</param>
internal sealed record NumpyArray(
    char Kind,
    int ItemSize,
    bool IsBigEndian,
    IReadOnlyList<int> Shape,
    ReadOnlyMemory<byte> Data
)
{
    /// <summary>Most dimensions.</summary>
    public const int LargestRank = 8;

    /// <summary>How many numbers there are.</summary>
    public int Count => Data.Length / ItemSize;

    /// <summary>Whether it holds bytes, as pictures do.</summary>
    public bool IsBytes => Kind == 'u' && ItemSize == 1;

    /// <summary>Reads a type as numpy writes it: <c>&lt;f4</c>, <c>|u1</c>; or <c>float32</c>, <c>uint8</c>.</summary>
    /// <exception cref="WireException">One that has no numbers, or of another size.</exception>
    public static NumpyArray Of(string type, IReadOnlyList<int> shape, ReadOnlyMemory<byte> data, string path)
    {
        if (
            ShortName(type)
                is not [
                    ('<' or '>' or '=' or '|')
                    and var order,
                    ('f' or 'i' or 'u' or 'b')
                    and var kind,
                    .. var digits,
                ]
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || !IsKnown(kind, size)
        )
            throw new WireException(
                $"{path} has the type '{Shown(type)}': allowed are f2, f4, f8, i1 to i8, u1 to u8, b1"
            );
        if (shape.Count > LargestRank)
            throw new WireException($"{path} has {shape.Count} dimensions: allowed are {LargestRank}");
        var bytes = (long)size;
        foreach (var length in shape)
        {
            if (length < 0)
                throw new WireException($"{path} has a shape with {length} in it");
            bytes = Math.Min(bytes * length, int.MaxValue + 1L);
        }

        if (bytes != data.Length)
            throw new WireException(
                $"{path} has {data.Length} bytes: {kind}{size} [{string.Join(", ", shape)}] takes another number"
            );
        return new NumpyArray(kind, size, order == '>', shape, data);
    }

    /// <summary>In words: <c>f4 [10, 7]</c>.</summary>
    public string Describe() => $"{Kind}{ItemSize} [{string.Join(", ", Shape)}]";

    /// <summary>Its numbers, row by row.</summary>
    /// <param name="target">As many as <see cref="Count"/>.</param>
    public void CopyTo(Span<float> target)
    {
        var data = Data.Span;
        if (Kind == 'f' && ItemSize == sizeof(float) && IsBigEndian != BitConverter.IsLittleEndian)
        {
            MemoryMarshal.Cast<byte, float>(data).CopyTo(target);
            return;
        }

        for (var i = 0; i < target.Length; i++)
            target[i] = (float)One(data.Slice(i * ItemSize, ItemSize));
    }

    private double One(ReadOnlySpan<byte> item) =>
        (Kind, ItemSize, IsBigEndian) switch
        {
            ('f', 2, false) => (double)BinaryPrimitives.ReadHalfLittleEndian(item),
            ('f', 2, true) => (double)BinaryPrimitives.ReadHalfBigEndian(item),
            ('f', 4, false) => BinaryPrimitives.ReadSingleLittleEndian(item),
            ('f', 4, true) => BinaryPrimitives.ReadSingleBigEndian(item),
            ('f', _, false) => BinaryPrimitives.ReadDoubleLittleEndian(item),
            ('f', _, true) => BinaryPrimitives.ReadDoubleBigEndian(item),
            ('b', _, _) => item[0] == 0 ? 0 : 1,
            ('u', 1, _) => item[0],
            ('i', 1, _) => (sbyte)item[0],
            ('u', 2, false) => BinaryPrimitives.ReadUInt16LittleEndian(item),
            ('u', 2, true) => BinaryPrimitives.ReadUInt16BigEndian(item),
            ('i', 2, false) => BinaryPrimitives.ReadInt16LittleEndian(item),
            ('i', 2, true) => BinaryPrimitives.ReadInt16BigEndian(item),
            ('u', 4, false) => BinaryPrimitives.ReadUInt32LittleEndian(item),
            ('u', 4, true) => BinaryPrimitives.ReadUInt32BigEndian(item),
            ('i', 4, false) => BinaryPrimitives.ReadInt32LittleEndian(item),
            ('i', 4, true) => BinaryPrimitives.ReadInt32BigEndian(item),
            ('u', _, false) => BinaryPrimitives.ReadUInt64LittleEndian(item),
            ('u', _, true) => BinaryPrimitives.ReadUInt64BigEndian(item),
            (_, _, false) => BinaryPrimitives.ReadInt64LittleEndian(item),
            (_, _, true) => BinaryPrimitives.ReadInt64BigEndian(item),
        };

    private static bool IsKnown(char kind, int size) =>
        kind switch
        {
            'f' => size is 2 or 4 or 8,
            'b' => size is 1,
            _ => size is 1 or 2 or 4 or 8,
        };

    // numpy's str(dtype), which some write: in this machine's order, and so in that of nearly all others.
    private static string ShortName(string type) =>
        type switch
        {
            "float16" => "<f2",
            "float32" => "<f4",
            "float64" => "<f8",
            "int8" => "|i1",
            "int16" => "<i2",
            "int32" => "<i4",
            "int64" => "<i8",
            "uint8" => "|u1",
            "uint16" => "<u2",
            "uint32" => "<u4",
            "uint64" => "<u8",
            "bool" => "|b1",
            _ => type,
        };

    private static string Shown(string type) => Checkpoints.ErrorText.Bounded(type);
}
