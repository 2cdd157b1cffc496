using System.Buffers.Binary;
using Vla.Sensors.Images.Jpeg;

namespace Vla.Sensors.Images;

/// <summary>Kinds of picture that are read.</summary>
internal enum PictureFormat
{
    Jpeg,
    Png,
    Bmp,
    WebP,
}

/// <summary>What a picture says of itself before any of it is decoded.</summary>
/// <param name="Format">Its kind.</param>
/// <param name="Width">Width in pixels, as claimed.</param>
/// <param name="Height">Height in pixels, as claimed.</param>
internal readonly record struct PictureHeader(PictureFormat Format, long Width, long Height)
{
    /// <summary>Kinds of picture, as messages name them.</summary>
    public const string Possible = "JPEG, PNG, BMP or WebP";

    /// <summary>Reads the header of a picture.</summary>
    /// <exception cref="PictureException">It is of another kind, damaged, or larger than
    /// <see cref="PictureBounds"/>.</exception>
    public static PictureHeader Read(ReadOnlySpan<byte> picture)
    {
        var header = Find(picture) ?? throw new PictureException($"is no {Possible} picture");
        if (!PictureBounds.Allows(header.Width, header.Height))
            throw new PictureException(PictureBounds.Refusal(header.Width, header.Height));
        return header;
    }

    private static PictureHeader? Find(ReadOnlySpan<byte> picture)
    {
        if (picture.IsEmpty)
            throw new PictureException("is empty");
        if (picture is [JpegMarker.Prefix, JpegMarker.StartOfImage, JpegMarker.Prefix, ..])
            return Jpeg(picture);
        if (picture is [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n', ..])
            return Png(picture);
        if (picture.StartsWith("BM"u8))
            return Bmp(picture);
        if (picture.Length >= 12 && picture.StartsWith("RIFF"u8) && picture[8..].StartsWith("WEBP"u8))
            return WebP(picture);
        return null;
    }

    private static PictureHeader Jpeg(ReadOnlySpan<byte> picture)
    {
        for (var position = 2; position + 4 <= picture.Length; )
        {
            if (picture[position] != JpegMarker.Prefix)
                break;
            var marker = picture[position + 1];
            if (marker == JpegMarker.Prefix)
            {
                position++;
                continue;
            }

            if (!JpegMarker.HasLength(marker) || marker == JpegMarker.StartOfScan)
                break;
            if (JpegMarker.IsFrame(marker))
            {
                if (position + 9 > picture.Length)
                    break;
                return new PictureHeader(
                    PictureFormat.Jpeg,
                    BinaryPrimitives.ReadUInt16BigEndian(picture[(position + 7)..]),
                    BinaryPrimitives.ReadUInt16BigEndian(picture[(position + 5)..])
                );
            }

            position += 2 + BinaryPrimitives.ReadUInt16BigEndian(picture[(position + 2)..]);
        }

        throw Damaged(PictureFormat.Jpeg);
    }

    private static PictureHeader Png(ReadOnlySpan<byte> picture)
    {
        if (picture.Length < 24 || !picture[12..].StartsWith("IHDR"u8))
            throw Damaged(PictureFormat.Png);
        return new PictureHeader(
            PictureFormat.Png,
            BinaryPrimitives.ReadUInt32BigEndian(picture[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(picture[20..])
        );
    }

    private static PictureHeader Bmp(ReadOnlySpan<byte> picture)
    {
        const int oldHeader = 12;
        if (picture.Length < 26)
            throw Damaged(PictureFormat.Bmp);
        if (BinaryPrimitives.ReadUInt32LittleEndian(picture[14..]) == oldHeader)
        {
            return new PictureHeader(
                PictureFormat.Bmp,
                BinaryPrimitives.ReadUInt16LittleEndian(picture[18..]),
                BinaryPrimitives.ReadUInt16LittleEndian(picture[20..])
            );
        }

        // A negative height means that the top row comes first.
        return new PictureHeader(
            PictureFormat.Bmp,
            BinaryPrimitives.ReadInt32LittleEndian(picture[18..]),
            Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(picture[22..]))
        );
    }

    private static PictureHeader WebP(ReadOnlySpan<byte> picture)
    {
        if (picture.Length < 30)
            throw Damaged(PictureFormat.WebP);
        var kind = picture[12..];
        if (kind.StartsWith("VP8X"u8))
            return new PictureHeader(PictureFormat.WebP, 1 + UInt24(picture[24..]), 1 + UInt24(picture[27..]));
        if (kind.StartsWith("VP8L"u8))
        {
            var sizes = BinaryPrimitives.ReadUInt32LittleEndian(picture[21..]);
            return new PictureHeader(PictureFormat.WebP, 1 + (sizes & 0x3FFF), 1 + (sizes >> 14 & 0x3FFF));
        }

        if (!kind.StartsWith("VP8 "u8))
            throw Damaged(PictureFormat.WebP);
        return new PictureHeader(
            PictureFormat.WebP,
            BinaryPrimitives.ReadUInt16LittleEndian(picture[26..]) & 0x3FFF,
            BinaryPrimitives.ReadUInt16LittleEndian(picture[28..]) & 0x3FFF
        );
    }

    private static int UInt24(ReadOnlySpan<byte> bytes) => bytes[0] | bytes[1] << 8 | bytes[2] << 16;

    private static PictureException Damaged(PictureFormat format) =>
        new($"has a damaged {format.ToString().ToUpperInvariant()} header");
}
