using System.IO.Compression;
using K4os.Compression.LZ4;
using Snappier;

namespace Vla.Sensors.Datasets.Tables;

/// <summary>Unpacks the pages of a Parquet file into memory of a size that is known and bounded beforehand.</summary>
internal static class PageUnpacker
{
    /// <summary>Pages up to this may be packed however well, bytes.</summary>
    private const int SmallPage = 16 << 20;

    /// <summary>A larger one may be this many times as large as it is packed.</summary>
    private const int MostTimes = 64;

    private const int LargestPage = 1 << 30;

    /// <param name="codec">How it is packed.</param>
    /// <param name="packed">The page.</param>
    /// <param name="length">Its bytes once unpacked, as its header says.</param>
    /// <exception cref="InvalidDataException">It is damaged, or larger than can be.</exception>
    public static byte[] Unpack(ParquetCodec codec, ReadOnlySpan<byte> packed, int length)
    {
        if (length < 0 || length > Math.Min(LargestPage, Math.Max(SmallPage, (long)packed.Length * MostTimes)))
            throw new InvalidDataException($"a page of {packed.Length} bytes claims to hold {length:N0}");
        if (codec == ParquetCodec.Snappy && Snappy.GetUncompressedLength(packed) != length)
            throw Wrong(length);
        var page = new byte[length];
        var unpacked = codec switch
        {
            _ when length == 0 => 0,
            ParquetCodec.None => Copy(packed, page),
            ParquetCodec.Snappy => Snappy.Decompress(packed, page),
            ParquetCodec.Gzip => ReadAll(packed, stream => new GZipStream(stream, CompressionMode.Decompress), page),
            ParquetCodec.Brotli => ReadAll(
                packed,
                stream => new BrotliStream(stream, CompressionMode.Decompress),
                page
            ),
            ParquetCodec.Zstd => Zstd(packed, page),
            ParquetCodec.Lz4 => LZ4Codec.Decode(packed, page),
            _ => throw new InvalidDataException(
                $"its pages are packed in a way that is not read here (codec {(int)codec}): write it anew with "
                    + "snappy or zstd"
            ),
        };
        return unpacked == length ? page : throw Wrong(length);
    }

    private static int Copy(ReadOnlySpan<byte> packed, byte[] page)
    {
        if (packed.Length != page.Length)
            return -1;
        packed.CopyTo(page);
        return page.Length;
    }

    private static int Zstd(ReadOnlySpan<byte> packed, byte[] page)
    {
        using var unpacker = new ZstdSharp.Decompressor();
        return unpacker.Unwrap(packed, page);
    }

    private static int ReadAll(ReadOnlySpan<byte> packed, Func<Stream, Stream> open, byte[] page)
    {
        using var stream = open(new MemoryStream(packed.ToArray()));
        return stream.ReadAtLeast(page, page.Length, throwOnEndOfStream: false);
    }

    private static InvalidDataException Wrong(int length) =>
        new($"a page does not hold the {length:N0} bytes it should");
}
