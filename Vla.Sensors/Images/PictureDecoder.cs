using System.Buffers.Binary;
using System.Text;
using OpenCvSharp;
using Vla.Sensors.Images.Jpeg;

namespace Vla.Sensors.Images;

/// <summary>Decodes single pictures with OpenCV: bounded in size, and none that is only half there.</summary>
/// <remarks>
/// OpenCV reads a dozen kinds more, each by a parser of its own; what has no bound here is refused before it sees it.
/// </remarks>
public static class PictureDecoder
{
    private const string Cut = "ends too early";

    /// <summary>
    /// The largest file that is read, in bytes: the pixels of <see cref="PictureBounds"/> uncompressed, and some more.
    /// </summary>
    private const long MaximumFileBytes = 4L * PictureBounds.MaximumPixels + 1_000_000;

    /// <summary>Decodes a picture file.</summary>
    /// <returns>BGR, 8 bits, [height, width, 3], turned as its EXIF data says; the caller's.</returns>
    /// <exception cref="PictureException">It is no whole picture, or too large.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static Mat DecodeFile(string path)
    {
        // Before it is opened: a pipe has no length, and opening it would wait for whoever writes to it.
        if (new FileInfo(path).Length == 0)
            throw new PictureException("is empty, or a pipe and no file");
        using var file = File.OpenRead(path);
        if (file.Length > MaximumFileBytes)
            throw new PictureException(
                $"has {file.Length / 1_000_000} MB; pictures have up to {MaximumFileBytes / 1_000_000}"
            );
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return Decode(bytes);
    }

    /// <summary>Decodes a picture in memory.</summary>
    /// <returns>As <see cref="DecodeFile"/>.</returns>
    /// <exception cref="PictureException">It is no whole picture, or too large.</exception>
    public static Mat Decode(ReadOnlySpan<byte> picture)
    {
        var header = PictureHeader.Read(picture);
        var problem = header.Format switch
        {
            PictureFormat.Jpeg => new JpegCheck().Damage(picture),
            PictureFormat.Png => PngDamage(picture),
            PictureFormat.Bmp => BmpDamage(picture, header),
            _ => BinaryPrimitives.ReadUInt32LittleEndian(picture[4..]) + 8L > picture.Length ? Cut : null,
        };
        if (problem is not null)
            throw new PictureException(problem);

        OpenCvNative.EnsureLoaded();
        var decoded = new Mat();
        if (TryDecode(picture, decoded))
            return decoded;
        decoded.Dispose();
        throw new PictureException($"is a damaged {header.Format.ToString().ToUpperInvariant()} picture");
    }

    /// <summary>Decodes a picture that was looked at before; false when OpenCV cannot.</summary>
    /// <param name="picture">Of a size that is allowed, and whole.</param>
    /// <param name="into">Receives BGR, 8 bits, [height, width, 3].</param>
    internal static bool TryDecode(ReadOnlySpan<byte> picture, Mat into)
    {
        try
        {
            using var decoded = Cv2.ImDecode(picture, ImreadModes.Color);
            if (decoded.Empty())
                return false;
            decoded.CopyTo(into);
            return true;
        }
        catch (OpenCVException)
        {
            return false;
        }
    }

    /// <summary>
    /// Goes through the chunks to the last; libpng itself checks what is in them. OpenCV looks for pixels that are not
    /// there, or for the end of a chunk that is none, for a minute.
    /// </summary>
    private static string? PngDamage(ReadOnlySpan<byte> picture)
    {
        const int aroundData = 12;
        var hasPixels = false;
        for (long position = 8; position + aroundData <= picture.Length; )
        {
            var chunk = picture[(int)position..];
            var type = chunk[4..8];
            if (type.SequenceEqual("IEND"u8))
                return hasPixels ? null : "has no pixels";
            if (!Ascii.IsValid(type) || type.ContainsAnyExceptInRange((byte)'A', (byte)'z'))
                return "is a damaged PNG picture";
            hasPixels |= type.SequenceEqual("IDAT"u8);
            position += aroundData + BinaryPrimitives.ReadUInt32BigEndian(chunk);
        }

        return Cut;
    }

    private static string? BmpDamage(ReadOnlySpan<byte> picture, PictureHeader header)
    {
        const int oldHeader = 12;
        const int bitFields = 3;
        var old = BinaryPrimitives.ReadUInt32LittleEndian(picture[14..]) == oldHeader;
        if (!old && picture.Length < 54)
            return Cut;
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(picture[(old ? 24 : 28)..]);
        var compression = old ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(picture[30..]);
        // Run lengths: as long as they are.
        if (compression is not (0 or bitFields))
            return null;
        var rows = (header.Width * bits + 31) / 32 * 4 * header.Height;
        return BinaryPrimitives.ReadUInt32LittleEndian(picture[10..]) + rows > picture.Length ? Cut : null;
    }
}
