using System.Globalization;
using OpenCvSharp;
using Vla.Sensors.Images.Jpeg;

namespace Vla.Tests.Sensors.Images;

/// <summary>Pictures as webcams send them: without an end marker, filled up, without tables.</summary>
public sealed class WebcamJpegTests : IDisposable
{
    private readonly WebcamJpeg _webcam = new();
    private readonly Mat _picture = new();

    public static TheoryData<string, byte[]> Endings =>
        new()
        {
            { "none", [] },
            { "half of the marker", [0xFF] },
            { "a full buffer", new byte[4_096] },
            { "a buffer of ones", [.. Enumerable.Repeat((byte)0xFF, 512)] },
            { "a byte too many", [0x5A] },
        };

    public void Dispose() => _picture.Dispose();

    [Theory]
    [MemberData(nameof(Endings))]
    public void A_picture_of_which_only_the_end_marker_lacks_is_the_same_picture(string name, byte[] ending)
    {
        byte[][] kinds =
        [
            PictureSamples.Jpeg(),
            PictureSamples.JpegWithoutHuffmanTables(),
            PictureSamples.JpegWithRestarts(),
            PictureSamples.GreyJpeg(),
        ];
        foreach (var jpeg in kinds)
        {
            Assert.Null(_webcam.Decode(jpeg, _picture));
            using var whole = _picture.Clone();

            Assert.True(_webcam.Decode([.. jpeg[..^2], .. ending], _picture) is null, name);

            Assert.Equal(0, Cv2.Norm(whole, _picture, NormTypes.INF));
        }
    }

    [Fact]
    public void One_that_broke_off_before_its_last_block_is_damaged()
    {
        var jpeg = PictureSamples.Jpeg();
        for (var lacking = 8; lacking < jpeg.Length; lacking += 1 + jpeg.Length / 97)
            Assert.True(
                _webcam.Decode(jpeg.AsSpan(0, jpeg.Length - lacking), _picture) is not null,
                $"{lacking} bytes lack"
            );

        Assert.NotNull(_webcam.Decode([.. jpeg[..(jpeg.Length / 2)], .. new byte[jpeg.Length]], _picture));
        Assert.NotNull(_webcam.Decode([.. jpeg[..^2], .. jpeg[..^2]], _picture));
    }

    [Fact]
    public void Whatever_bytes_come_it_is_decoded_or_refused()
    {
        var random = new Random(4713);
        byte[][] samples =
        [
            .. PictureSamples
                .All()
                .Take(6)
                .SelectMany(jpeg => new[] { jpeg, jpeg[..^2], [.. jpeg[..^2], .. new byte[300]] }),
        ];
        var mutations = int.Parse(
            Environment.GetEnvironmentVariable("VLA_FUZZ") ?? "3000",
            CultureInfo.InvariantCulture
        );
        for (var n = 0; n < mutations; n++)
        {
            if (_webcam.Decode(PictureSamples.Mutate(samples[n % samples.Length], random), _picture) is { } damage)
                Assert.DoesNotContain('\n', damage);
            else
                Assert.False(_picture.Empty());
        }
    }

    [Fact]
    public void A_progressive_one_without_an_end_may_lack_anything_and_is_damaged()
    {
        var jpeg = PictureSamples.ProgressiveJpeg();

        Assert.Null(_webcam.Decode(jpeg, _picture));
        Assert.NotNull(_webcam.Decode(jpeg.AsSpan(0, jpeg.Length - 2), _picture));
    }

    [Fact]
    public void Elsewhere_a_picture_without_an_end_is_one_that_broke_off()
    {
        Assert.Equal("ends too early", new JpegCheck().Damage(PictureSamples.Jpeg().AsSpan()[..^2]));
    }
}
