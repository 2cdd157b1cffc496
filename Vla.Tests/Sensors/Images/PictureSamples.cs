using OpenCvSharp;

namespace Vla.Tests.Sensors.Images;

/// <summary>Good pictures in every kind that is read, and ways to damage them.</summary>
internal static class PictureSamples
{
    /// <summary>Such as cameras send: blocks, a ramp, some noise; never twice the same.</summary>
    public static Mat Scene(int width, int height, int seed)
    {
        var picture = new Mat(height, width, MatType.CV_8UC3);
        var random = new Random(seed);
        Cv2.Rectangle(picture, new Rect(0, 0, width, height), new Scalar(170, 160, 150), -1);
        Cv2.Rectangle(picture, new Rect(width / 4, height / 3, width / 3, height / 3), new Scalar(40, 60, 200), -1);
        Cv2.Circle(picture, new Point(width * 3 / 4, height / 2), height / 5, new Scalar(60, 170, 60), -1);
        var pixels = picture.AsSpan<byte>();
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)Math.Clamp(pixels[i] + random.Next(-8, 9), 0, 255);
        return picture;
    }

    public static byte[] Encode(
        string extension,
        int width = 96,
        int height = 72,
        int seed = 1,
        params int[] parameters
    )
    {
        using var picture = Scene(width, height, seed);
        Cv2.ImEncode(extension, picture, out var bytes, parameters);
        return bytes;
    }

    public static byte[] Jpeg(int width = 96, int height = 72, int seed = 1) => Encode(".jpg", width, height, seed);

    public static byte[] JpegWithRestarts() => Encode(".jpg", parameters: [(int)ImwriteFlags.JpegRstInterval, 3]);

    public static byte[] ProgressiveJpeg() => Encode(".jpg", parameters: [(int)ImwriteFlags.JpegProgressive, 1]);

    public static byte[] GreyJpeg()
    {
        using var picture = Scene(96, 72, 1);
        using var grey = picture.CvtColor(ColorConversionCodes.BGR2GRAY);
        Cv2.ImEncode(".jpg", grey, out var bytes);
        return bytes;
    }

    /// <summary>As USB cameras send it: with the tables of the standard, which it leaves out.</summary>
    public static byte[] JpegWithoutHuffmanTables() => WithoutSegments(Jpeg(), 0xC4);

    /// <summary>With EXIF data that hold a thumbnail, a whole picture of its own, and its end.</summary>
    public static byte[] JpegWithThumbnail()
    {
        var thumbnail = Jpeg(16, 12, seed: 9);
        byte[] content = [.. "Exif\0\0"u8, .. new byte[20], .. thumbnail];
        return
        [
            0xFF,
            0xD8,
            0xFF,
            0xE1,
            (byte)((content.Length + 2) >> 8),
            (byte)(content.Length + 2),
            .. content,
            .. Jpeg().AsSpan(2),
        ];
    }

    /// <summary>Every kind that is read, small.</summary>
    public static byte[][] All() =>
        [
            Jpeg(),
            JpegWithRestarts(),
            ProgressiveJpeg(),
            GreyJpeg(),
            JpegWithoutHuffmanTables(),
            JpegWithThumbnail(),
            Encode(".png"),
            Encode(".bmp"),
            Encode(".webp"),
            Encode(".webp", parameters: [(int)ImwriteFlags.WebPQuality, 80]),
        ];

    /// <summary>A copy with some bytes changed, left out, put in or cut off.</summary>
    public static byte[] Mutate(byte[] good, Random random)
    {
        var bytes = new List<byte>(good);
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            // Headers are small and hold every length: they get half of the changes.
            var at = random.Next(random.Next(2) == 0 ? Math.Min(bytes.Count, 700) : bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = random.Next(2) == 0 ? byte.MinValue : byte.MaxValue;
                    break;
                case 3:
                    bytes.InsertRange(at, new byte[random.Next(1, 9)]);
                    break;
                case 4:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }

            if (bytes.Count == 0)
                break;
        }

        return [.. bytes];
    }

    private static byte[] WithoutSegments(byte[] jpeg, byte marker)
    {
        var kept = new List<byte>(jpeg[..2]);
        var position = 2;
        while (jpeg[position + 1] != 0xDA)
        {
            var length = 2 + (jpeg[position + 2] << 8 | jpeg[position + 3]);
            if (jpeg[position + 1] != marker)
                kept.AddRange(jpeg.AsSpan(position, length));
            position += length;
        }

        return [.. kept, .. jpeg.AsSpan(position)];
    }
}
