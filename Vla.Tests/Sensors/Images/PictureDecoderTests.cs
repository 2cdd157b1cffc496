using System.Buffers.Binary;
using System.Diagnostics;
using OpenCvSharp;
using Vla.Sensors.Images;
using Vla.Sensors.Images.Jpeg;

namespace Vla.Tests.Sensors.Images;

public sealed class PictureDecoderTests
{
    // IMWRITE_JPEG_SAMPLING_FACTOR, which OpenCvSharp does not name.
    private const int SamplingFactor = 7;

    /// <summary>How many damaged inputs each parser gets; VLA_FUZZ=100000 for a long run.</summary>
    private static readonly int Mutations = int.Parse(
        Environment.GetEnvironmentVariable("VLA_FUZZ") ?? "3000",
        System.Globalization.CultureInfo.InvariantCulture
    );

    [Fact]
    public void Every_kind_is_decoded_and_its_header_tells_its_size()
    {
        foreach (var file in PictureSamples.All())
        {
            var header = PictureHeader.Read(file);
            using var picture = PictureDecoder.Decode(file);

            Assert.Equal((96, 72), (header.Width, header.Height));
            Assert.Equal((96, 72), (picture.Width, picture.Height));
            Assert.Equal(MatType.CV_8UC3, picture.Type());
        }
    }

    [Theory]
    [InlineData("be444154")]
    [InlineData("74455874")]
    [InlineData("00000000")]
    public void A_PNG_whose_pixels_are_called_otherwise_is_refused_before_anybody_looks_for_them(string name)
    {
        var picture = PictureSamples.Encode(".png", 8, 8, 1);
        var pixels = picture.AsSpan().IndexOf("IDAT"u8);
        Convert.FromHexString(name).CopyTo(picture, pixels);

        Assert.Throws<PictureException>(() => PictureDecoder.Decode(picture));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(17, 9)]
    [InlineData(640, 480)]
    public void Pictures_of_any_size_are_whole(int width, int height)
    {
        var check = new JpegCheck();
        Assert.Null(check.Damage(PictureSamples.Jpeg(width, height)));
        Assert.Null(
            check.Damage(
                PictureSamples.Encode(
                    ".jpg",
                    width,
                    height,
                    1,
                    (int)ImwriteFlags.JpegProgressive,
                    1,
                    (int)ImwriteFlags.JpegOptimize,
                    1
                )
            )
        );
        Assert.Null(check.Damage(PictureSamples.Encode(".jpg", width, height, 1, (int)ImwriteFlags.JpegQuality, 100)));
        Assert.Null(check.Damage(PictureSamples.Encode(".jpg", width, height, 1, SamplingFactor, 0x111111)));
    }

    [Theory]
    [InlineData("bomb.jpg", "says that it has 32000x32000 pixels; up to 64 megapixels")]
    [InlineData("noise.jpg", "has ")]
    public void A_picture_that_went_wrong_is_refused_by_what_is_wrong(string file, string expected)
    {
        var exception = Assert.Throws<PictureException>(() => PictureDecoder.DecodeFile(Fixture(file)));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_beyond_the_bound_is_refused_in_every_kind_before_memory_is_taken()
    {
        var jpeg = PictureSamples.Jpeg();
        var frame = jpeg.AsSpan().IndexOf([(byte)0xFF, (byte)0xC0]);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5), 32_000);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 7), 32_000);
        var png = PictureSamples.Encode(".png");
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), 40_000);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), 40_000);
        var bmp = PictureSamples.Encode(".bmp");
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(18), 40_000);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(22), -40_000);
        var webp = PictureSamples.Encode(".webp", parameters: [(int)ImwriteFlags.WebPQuality, 80]);
        var lossy = webp.AsSpan().IndexOf([(byte)0x9D, (byte)0x01, (byte)0x2A]);
        BinaryPrimitives.WriteUInt16LittleEndian(webp.AsSpan(lossy + 3), 16_383);
        BinaryPrimitives.WriteUInt16LittleEndian(webp.AsSpan(lossy + 5), 16_383);

        foreach (var bomb in new[] { jpeg, png, bmp, webp })
            Assert.Contains(
                "megapixels",
                Assert.Throws<PictureException>(() => PictureDecoder.Decode(bomb)).Message,
                StringComparison.Ordinal
            );
    }

    [Theory]
    [InlineData(".tiff")]
    [InlineData(".ppm")]
    [InlineData(".hdr")]
    [InlineData(".jp2")]
    public void Other_kinds_are_refused_by_name_of_those_that_are_read(string extension)
    {
        var other = PictureSamples.Encode(extension);

        var exception = Assert.Throws<PictureException>(() => PictureDecoder.Decode(other));

        Assert.Equal("is no JPEG, PNG, BMP or WebP picture", exception.Message);
    }

    [Fact]
    public void A_picture_that_is_cut_anywhere_is_refused()
    {
        foreach (var file in PictureSamples.All())
        {
            for (var length = 0; length < file.Length; length += 1 + file.Length / 97)
                Assert.Throws<PictureException>(() => PictureDecoder.Decode(file.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Bytes_behind_the_end_and_a_few_before_it_do_no_harm()
    {
        var check = new JpegCheck();
        var jpeg = PictureSamples.Jpeg();

        Assert.Null(check.Damage([.. jpeg, .. new byte[50]]));
        Assert.Null(check.Damage([.. jpeg[..^2], 0, 0, 0xFF, 0xD9]));
        Assert.NotNull(check.Damage([.. jpeg[..^2], .. new byte[30], 0xFF, 0xD9]));
    }

    [Fact]
    public void Garbage_in_the_middle_is_found()
    {
        var check = new JpegCheck();
        var random = new Random(7);
        var missed = 0;
        for (var round = 0; round < 300; round++)
        {
            var jpeg =
                round % 2 == 0
                    ? PictureSamples.Jpeg(320, 240, round)
                    : PictureSamples.Encode(".jpg", 320, 240, round, (int)ImwriteFlags.JpegProgressive, 1);
            var from = jpeg.Length / 2 + random.Next(jpeg.Length / 4);
            random.NextBytes(jpeg.AsSpan(from, 400));
            if (check.Damage(jpeg) is null)
                missed++;
        }

        Assert.Equal(0, missed);
    }

    [Theory]
    [InlineData(0xD5)]
    [InlineData(0xD8)]
    public void A_restart_marker_out_of_turn_is_found(byte instead)
    {
        var jpeg = PictureSamples.JpegWithRestarts();
        var second = jpeg.AsSpan().IndexOf([(byte)0xFF, (byte)0xD1]);
        jpeg[second + 1] = instead;

        Assert.NotNull(new JpegCheck().Damage(jpeg));
    }

    [Fact]
    public void Whatever_bytes_come_nothing_but_a_picture_or_a_refusal_comes_of_them()
    {
        var random = new Random(4711);
        var samples = PictureSamples.All();
        var check = new JpegCheck();
        var started = Stopwatch.GetTimestamp();
        for (var n = 0; n < Mutations; n++)
        {
            var bytes = PictureSamples.Mutate(samples[n % samples.Length], random);
            check.Damage(bytes);
            try
            {
                using var picture = PictureDecoder.Decode(bytes);
                Assert.True(PictureBounds.Allows(picture.Width, picture.Height));
            }
            catch (PictureException)
            {
                // As it should be.
            }
        }

        Assert.True(
            Stopwatch.GetElapsedTime(started).TotalMilliseconds / Mutations < 100,
            "a damaged picture takes far longer than a good one"
        );
    }

    [Fact]
    public void After_a_damaged_picture_a_good_one_is_whole_again()
    {
        var check = new JpegCheck();
        var random = new Random(5);
        foreach (var good in PictureSamples.All().Take(6))
        {
            for (var n = 0; n < 50; n++)
                check.Damage(PictureSamples.Mutate(good, random));
            Assert.Null(check.Damage(good));
        }
    }

    internal static string Fixture(string file) => TestData.Path($"Pictures/{file}");
}
