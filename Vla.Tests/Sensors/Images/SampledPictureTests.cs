using OpenCvSharp;
using TorchSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.SmolVla.Modules;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Tests.Sensors.Images;

/// <summary>Pictures resized as the code did that a policy was trained with.</summary>
public sealed class SampledPictureTests : IDisposable
{
    private const string OpenVla = "openvla";
    private static readonly float[] Half = [0.5f, 0.5f, 0.5f];

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(48, 36, 32, 32)]
    [InlineData(20, 31, 32, 32)]
    [InlineData(32, 32, 32, 32)]
    [InlineData(100, 10, 24, 16)]
    [InlineData(1, 1, 8, 8)]
    public void A_padded_picture_is_LeRobots(int width, int height, int wantedWidth, int wantedHeight)
    {
        using var bgr = Noise(width, height);

        var prepared = Prepare(
            bgr,
            new ImageSpec(wantedHeight, wantedWidth, Half, Half) { Fit = ImageFit.Pad, Sampling = ImageSampling.Linear }
        );

        AssertClose(SmolVision.Prepare(Rgb(bgr), (wantedWidth, wantedHeight)), prepared, 1e-5);
    }

    [Theory]
    [InlineData(100, 80, 50, 50)]
    [InlineData(30, 40, 64, 64)]
    public void A_stretched_one_is_PyTorchs(int width, int height, int wantedWidth, int wantedHeight)
    {
        using var bgr = Noise(width, height);
        var spec = new ImageSpec(wantedHeight, wantedWidth, [0, 0, 0], [1, 1, 1]) { Sampling = ImageSampling.Linear };

        var expected = nn.functional.interpolate(
            Rgb(bgr).permute(0, 3, 1, 2).to(ScalarType.Float32) / 255,
            [wantedHeight, wantedWidth],
            mode: InterpolationMode.Bilinear,
            align_corners: false
        );

        AssertClose(expected, Prepare(bgr, spec), 1e-5);
    }

    [FixtureTheory(OpenVla)]
    [InlineData(ImageFit.Stretch, 0, "pixel_values")]
    [InlineData(ImageFit.Crop, 0, "pixel_values_resize_crop")]
    [InlineData(ImageFit.Letterbox, 127, "pixel_values_letterbox")]
    public void A_bicubic_one_is_Pillows_to_the_byte(ImageFit fit, byte border, string golden)
    {
        using var file = Checkpoint.Open(Path.Combine(SharedFixtures.Path(OpenVla), "golden.safetensors"));
        var raw = file.ReadTensor("case0.image");
        using var rgb = Mat.FromPixelData(
            (int)raw.shape[0],
            (int)raw.shape[1],
            MatType.CV_8UC3,
            raw.contiguous().bytes.ToArray()
        );
        using var bgr = rgb.CvtColor(ColorConversionCodes.RGB2BGR);
        var spec = new ImageSpec(56, 56, Half, Half)
        {
            Fit = fit,
            Sampling = ImageSampling.Bicubic,
            Border = border,
        };

        // The second tower's half of the channels.
        AssertClose(file.ReadTensor($"case0.{golden}").narrow(1, 3, 3), Prepare(bgr, spec), 1e-6);
    }

    [Fact]
    public void Bytes_for_training_are_the_same_picture()
    {
        using var bgr = Noise(48, 36);
        var spec = new ImageSpec(16, 16, [0, 0, 0], [1, 1, 1]) { Fit = ImageFit.Pad, Sampling = ImageSampling.Linear };
        using var preparation = new ImagePreparation(spec);
        var (bytes, values) = (new byte[16 * 16 * 3], new float[16 * 16 * 3]);

        preparation.PrepareBytes(bgr, bytes);
        preparation.Prepare(bgr, values);

        Assert.All(bytes.Zip(values), pair => Assert.Equal(pair.First, pair.Second * 255, 0.51));
    }

    [Fact]
    public void A_border_wants_a_sampling_that_has_one() =>
        Assert.Throws<ArgumentException>(() =>
            new ImagePreparation(new ImageSpec(8, 8, Half, Half) { Fit = ImageFit.Pad })
        );

    [Theory]
    [InlineData(ImageFit.Pad, 0.5f, 0.5f, 0.5f, 0.625f)]
    [InlineData(ImageFit.Pad, 0f, 0f, 0f, 0.25f)]
    [InlineData(ImageFit.Letterbox, 0f, 0f, 0f, 0.125f)]
    // 85 x 64, of which the middle 64 begin at 10.
    [InlineData(ImageFit.Crop, 0.5f, 0.5f, 0.5078f, 0.5f)]
    public void A_place_is_found_again(ImageFit fit, float x, float y, float expectedX, float expectedY)
    {
        var spec = new ImageSpec(64, 64, Half, Half) { Fit = fit, Sampling = ImageSampling.Linear };

        var (toX, toY) = new PicturePlacement(spec, 640, 480).Of(x, y);

        Assert.Equal((expectedX, expectedY), (MathF.Round(toX, 4), MathF.Round(toY, 4)));
    }

    private static Mat Noise(int width, int height)
    {
        var random = new Random(width * 1_000 + height);
        var bytes = new byte[width * height * 3];
        random.NextBytes(bytes);
        using var view = Mat.FromPixelData(height, width, MatType.CV_8UC3, bytes);
        return view.Clone();
    }

    private static Tensor Rgb(Mat bgr)
    {
        using var rgb = bgr.CvtColor(ColorConversionCodes.BGR2RGB);
        rgb.GetArray(out Vec3b[] pixels);
        byte[] bytes = [.. pixels.SelectMany(pixel => new[] { pixel.Item0, pixel.Item1, pixel.Item2 })];
        return tensor(bytes, [1, bgr.Rows, bgr.Cols, 3]);
    }

    private static Tensor Prepare(Mat bgr, ImageSpec spec)
    {
        using var preparation = new ImagePreparation(spec);
        var values = new float[spec.Height * spec.Width * 3];
        // Twice: what is kept from call to call must not show.
        preparation.Prepare(bgr, values);
        preparation.Prepare(bgr, values);
        return tensor(values, [1, spec.Height, spec.Width, 3]).permute(0, 3, 1, 2);
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        var off = (expected - actual).abs().max().ToDouble();
        Assert.True(off <= tolerance, $"off by {off}");
    }
}
