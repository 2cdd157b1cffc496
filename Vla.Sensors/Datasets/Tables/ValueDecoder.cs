using System.Buffers.Binary;
using System.Numerics;

namespace Vla.Sensors.Datasets.Tables;

/// <summary>Turns the bytes of a page into values of one type.</summary>
internal abstract class ValueDecoder<T>(ParquetLeaf leaf)
{
    /// <summary>Plain values, one after the other.</summary>
    /// <exception cref="InvalidDataException">There are fewer, or they are of another type.</exception>
    public abstract void Plain(ReadOnlySpan<byte> bytes, Span<T> into);

    /// <summary>Values in an encoding that only some types have.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or not one of those.</exception>
    public abstract void Encoded(ParquetEncoding encoding, ReadOnlySpan<byte> bytes, Span<T> into);

    protected ParquetLeaf Leaf => leaf;

    protected static InvalidDataException Cut() => new("a page holds fewer values than it should");

    protected InvalidDataException Unknown(ParquetEncoding encoding) =>
        new(
            $"column {leaf.Name} has values in an encoding that is not read here ({(int)encoding}): write it anew "
                + "with plain or dictionary encoding"
        );
}

/// <summary>How values are written; see parquet-format's <c>Encodings.md</c>.</summary>
internal enum ParquetEncoding
{
    Plain = 0,
    PlainDictionary = 2,
    Rle = 3,
    DeltaBinaryPacked = 5,
    DeltaLengthByteArray = 6,
    DeltaByteArray = 7,
    RleDictionary = 8,
    ByteStreamSplit = 9,
}

/// <summary>Numbers of any width.</summary>
/// <exception cref="InvalidDataException">The column holds no numbers, or fractions where whole ones are
/// wanted.</exception>
internal sealed class NumberDecoder<T> : ValueDecoder<T>
    where T : struct, INumber<T>
{
    private readonly int _size;

    public NumberDecoder(ParquetLeaf leaf)
        : base(leaf)
    {
        var isWhole = T.CreateTruncating(0.5) == T.Zero;
        _size = leaf.Type switch
        {
            ParquetType.Bool => 0,
            ParquetType.Int32 => sizeof(int),
            ParquetType.Int64 => sizeof(long),
            ParquetType.Float when !isWhole => sizeof(float),
            ParquetType.Double when !isWhole => sizeof(double),
            ParquetType.Fixed when !isWhole && leaf is { IsHalf: true, FixedLength: 2 } => 2,
            var type => throw new InvalidDataException(
                $"column {leaf.Name} holds {type}, not {(isWhole ? "whole numbers" : "numbers")}"
            ),
        };
    }

    public override void Plain(ReadOnlySpan<byte> bytes, Span<T> into)
    {
        if (Leaf.Type == ParquetType.Bool)
        {
            if (8L * bytes.Length < into.Length)
                throw Cut();
            for (var i = 0; i < into.Length; i++)
                into[i] = (bytes[i / 8] >> (i % 8) & 1) != 0 ? T.One : T.Zero;
            return;
        }

        if (bytes.Length < (long)into.Length * _size)
            throw Cut();
        for (var i = 0; i < into.Length; i++)
            into[i] = One(bytes.Slice(i * _size, _size));
    }

    public override void Encoded(ParquetEncoding encoding, ReadOnlySpan<byte> bytes, Span<T> into)
    {
        switch (encoding)
        {
            case ParquetEncoding.Rle when Leaf.Type == ParquetType.Bool:
                var flags = new int[into.Length];
                // The length of the runs is before them.
                HybridRuns.Decode(bytes.Length >= 4 ? bytes[4..] : throw Cut(), 1, flags);
                for (var i = 0; i < flags.Length; i++)
                    into[i] = flags[i] != 0 ? T.One : T.Zero;
                break;
            case ParquetEncoding.DeltaBinaryPacked when Leaf.Type is ParquetType.Int32 or ParquetType.Int64:
                var numbers = new long[into.Length];
                DeltaRuns.Decode(bytes, numbers);
                for (var i = 0; i < numbers.Length; i++)
                    into[i] = T.CreateChecked(Leaf.Type == ParquetType.Int32 ? unchecked((int)numbers[i]) : numbers[i]);
                break;
            case ParquetEncoding.ByteStreamSplit when _size > 0:
                if (bytes.Length < (long)into.Length * _size)
                    throw Cut();
                Span<byte> one = stackalloc byte[_size];
                for (var i = 0; i < into.Length; i++)
                {
                    for (var k = 0; k < _size; k++)
                        one[k] = bytes[k * into.Length + i];
                    into[i] = One(one);
                }

                break;
            default:
                throw Unknown(encoding);
        }
    }

    private T One(ReadOnlySpan<byte> bytes) =>
        Leaf.Type switch
        {
            ParquetType.Int32 => T.CreateChecked(BinaryPrimitives.ReadInt32LittleEndian(bytes)),
            ParquetType.Int64 => T.CreateChecked(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            ParquetType.Float => T.CreateChecked(BinaryPrimitives.ReadSingleLittleEndian(bytes)),
            ParquetType.Double => T.CreateChecked(BinaryPrimitives.ReadDoubleLittleEndian(bytes)),
            _ => T.CreateChecked(BinaryPrimitives.ReadHalfLittleEndian(bytes)),
        };
}

/// <summary>Bytes, such as those of texts and pictures.</summary>
internal sealed class BytesDecoder : ValueDecoder<byte[]>
{
    /// <summary>Bytes of a page's values together.</summary>
    private const long MostBytes = 1 << 30;

    public BytesDecoder(ParquetLeaf leaf)
        : base(leaf)
    {
        if (leaf.Type != ParquetType.Bytes)
            throw new InvalidDataException($"column {leaf.Name} holds {leaf.Type}, not texts or pictures");
    }

    public override void Plain(ReadOnlySpan<byte> bytes, Span<byte[]> into)
    {
        for (var i = 0; i < into.Length; i++)
        {
            if (bytes.Length < sizeof(int))
                throw Cut();
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            bytes = bytes[sizeof(int)..];
            into[i] = Take(ref bytes, length).ToArray();
        }
    }

    public override void Encoded(ParquetEncoding encoding, ReadOnlySpan<byte> bytes, Span<byte[]> into)
    {
        switch (encoding)
        {
            case ParquetEncoding.DeltaLengthByteArray:
                DeltaLengths(bytes, into);
                break;
            case ParquetEncoding.DeltaByteArray:
                var shared = new long[into.Length];
                DeltaLengths(bytes[DeltaRuns.Decode(bytes, shared)..], into);
                var (before, sum) = (Array.Empty<byte>(), 0L);
                for (var i = 0; i < into.Length; i++)
                {
                    if (shared[i] < 0 || shared[i] > before.Length || (sum += shared[i] + into[i].Length) > MostBytes)
                        throw Cut();
                    into[i] = before = [.. before.AsSpan(0, (int)shared[i]), .. into[i]];
                }

                break;
            default:
                throw Unknown(encoding);
        }
    }

    private static void DeltaLengths(ReadOnlySpan<byte> bytes, Span<byte[]> into)
    {
        var lengths = new long[into.Length];
        bytes = bytes[DeltaRuns.Decode(bytes, lengths)..];
        for (var i = 0; i < into.Length; i++)
            into[i] = Take(ref bytes, lengths[i]).ToArray();
    }

    private static ReadOnlySpan<byte> Take(scoped ref ReadOnlySpan<byte> bytes, long length)
    {
        if (length < 0 || length > bytes.Length)
            throw Cut();
        var taken = bytes[..(int)length];
        bytes = bytes[taken.Length..];
        return taken;
    }
}
