using OpenCvSharp;
using Vla.Sensors.Images;

namespace Vla.Tests.Sensors.Images;

public sealed class ImagePreparationTests
{
    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] Std = [0.229f, 0.224f, 0.225f];

    [Fact]
    public void Blue_green_red_bytes_become_red_green_blue_normalised_floats()
    {
        using var picture = new Mat(2, 3, MatType.CV_8UC3, new Scalar(10, 20, 30));

        var pixels = Prepare(picture, 2, 3);

        for (var i = 0; i < pixels.Length; i += 3)
        {
            Assert.Equal((30 / 255f - Mean[0]) / Std[0], pixels[i]);
            Assert.Equal((20 / 255f - Mean[1]) / Std[1], pixels[i + 1]);
            Assert.Equal((10 / 255f - Mean[2]) / Std[2], pixels[i + 2]);
        }
    }

    [Fact]
    public void Rows_come_before_columns()
    {
        using var picture = new Mat(2, 3, MatType.CV_8UC3, Scalar.All(0));
        picture.Set(1, 2, new Vec3b(255, 255, 255));

        var pixels = PrepareUnscaled(picture, 2, 3);

        Assert.Equal(3, pixels.Count(value => value == 1f));
        Assert.Equal([1f, 1f, 1f], pixels[^3..]);
    }

    [Fact]
    public void A_picture_grown_to_double_size_is_interpolated_between_pixel_centres()
    {
        using var picture = new Mat(1, 2, MatType.CV_8UC1, Scalar.All(0));
        picture.Set<byte>(0, 1, 200);

        var pixels = PrepareUnscaled(picture, 1, 4);

        // PyTorch: interpolate([0, 200], size=4, mode="bilinear", align_corners=False) gives 0, 50, 150, 200.
        Assert.Equal([0f, 50f / 255, 150f / 255, 200f / 255], [pixels[0], pixels[3], pixels[6], pixels[9]]);
    }

    [Theory]
    [InlineData(640, 480, 224, 224)]
    [InlineData(1280, 720, 224, 224)]
    [InlineData(448, 448, 224, 224)]
    public void Fine_texture_is_averaged_when_shrinking_by_two_or_more(
        int width,
        int height,
        int wantedHeight,
        int wantedWidth
    )
    {
        using var picture = new Mat(height, width, MatType.CV_8UC3, Scalar.All(0));
        for (var x = 0; x < width; x += 2)
            Cv2.Line(picture, x, 0, x, height - 1, Scalar.All(200));

        var pixels = PrepareUnscaled(picture, wantedHeight, wantedWidth);

        // Bilinear alone would give stripes anywhere between 0 and 200.
        Assert.All(pixels, value => Assert.InRange(value * 255, 60, 140));
    }

    [Theory]
    [InlineData(17, 31)]
    [InlineData(641, 479)]
    [InlineData(1, 1)]
    [InlineData(1000, 3)]
    public void Any_size_fills_the_whole_picture(int width, int height)
    {
        using var picture = new Mat(height, width, MatType.CV_8UC3, new Scalar(51, 102, 204));

        var pixels = PrepareUnscaled(picture, 24, 20);

        for (var i = 0; i < pixels.Length; i += 3)
            Assert.Equal([204 / 255f, 102 / 255f, 51 / 255f], pixels[i..(i + 3)]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Grey_pictures_and_pictures_with_alpha_are_taken_too(int channels)
    {
        using var picture = new Mat(30, 40, MatType.CV_8UC(channels), new Scalar(51, 51, 51, 7));

        Assert.All(PrepareUnscaled(picture, 16, 16), value => Assert.Equal(51 / 255f, value));
    }

    [Fact]
    public void A_part_of_a_larger_picture_leaves_out_its_surroundings()
    {
        using var whole = new Mat(50, 60, MatType.CV_8UC3, Scalar.All(255));
        using var part = new Mat(whole, new Rect(7, 5, 20, 10));
        part.SetTo(Scalar.All(0));
        Assert.False(part.IsContinuous());

        Assert.All(PrepareUnscaled(part, 10, 20), value => Assert.Equal(0f, value));
    }

    [Theory]
    [InlineData(640, 480, 80, 0, 480, 480)]
    [InlineData(480, 640, 0, 80, 480, 480)]
    [InlineData(480, 480, 0, 0, 480, 480)]
    [InlineData(641, 480, 80, 0, 480, 480)]
    public void A_policy_that_crops_sees_the_largest_part_of_its_shape_around_the_middle(
        int width,
        int height,
        int x,
        int y,
        int partWidth,
        int partHeight
    )
    {
        using var picture = new Mat(height, width, MatType.CV_8UC3, Scalar.All(255));
        picture.Rectangle(new Rect(x, y, partWidth, partHeight), Scalar.All(51), -1);
        using var part = new Mat(picture, new Rect(x, y, partWidth, partHeight));
        part.Set(0, 0, new Vec3b(255, 255, 255));

        var pixels = Prepare(picture, new ImageSpec(160, 160, [0, 0, 0], [1, 1, 1]) { Fit = ImageFit.Crop });

        // A pixel is the exact mean of 3 × 3: one white among eight of 51 in the corner, nothing of the surroundings.
        Assert.Equal(MathF.Round((255 + 8 * 51) / 9f) / 255, pixels[0]);
        Assert.All(pixels[3..], value => Assert.Equal(51 / 255f, value));
    }

    [Theory]
    [InlineData(640, 480, 100, 50, 0, 80, 640, 320)]
    [InlineData(300, 100, 100, 50, 50, 0, 200, 100)]
    [InlineData(1, 1000, 100, 50, 0, 499, 1, 1)]
    public void The_part_has_the_wanted_shape(
        int width,
        int height,
        int wantedWidth,
        int wantedHeight,
        int x,
        int y,
        int partWidth,
        int partHeight
    ) =>
        Assert.Equal(
            new Rect(x, y, partWidth, partHeight),
            CentreCrop.Within(new Size(width, height), new Size(wantedWidth, wantedHeight))
        );

    [Fact]
    public void A_cropped_picture_is_looked_at_where_it_lies_now()
    {
        using var picture = new Mat(48, 64, MatType.CV_8UC3, Scalar.All(0));
        using var preparation = new ImagePreparation(
            new ImageSpec(16, 16, [0, 0, 0], [1, 1, 1]) { Fit = ImageFit.Crop }
        );
        var pixels = new float[16 * 16 * 3];
        preparation.Prepare(picture, pixels);

        picture.SetTo(Scalar.All(255));
        preparation.Prepare(picture, pixels);
        Assert.All(pixels, value => Assert.Equal(1f, value));

        // The same object with other memory, as after a camera changed its size.
        picture.Create(20, 30, MatType.CV_8UC1);
        picture.SetTo(Scalar.All(102));
        preparation.Prepare(picture, pixels);
        Assert.All(pixels, value => Assert.Equal(102 / 255f, value));
    }

    [Fact]
    public void Pictures_of_changing_sizes_can_follow_one_another()
    {
        using var large = new Mat(480, 640, MatType.CV_8UC3, Scalar.All(255));
        using var small = new Mat(8, 8, MatType.CV_8UC1, Scalar.All(0));
        using var preparation = new ImagePreparation(new ImageSpec(32, 32, [0, 0, 0], [1, 1, 1]));
        var pixels = new float[32 * 32 * 3];

        preparation.Prepare(large, pixels);
        Assert.All(pixels, value => Assert.Equal(1f, value));
        preparation.Prepare(small, pixels);
        Assert.All(pixels, value => Assert.Equal(0f, value));
    }

    [Fact]
    public void What_is_not_an_eight_bit_picture_is_refused()
    {
        using var preparation = new ImagePreparation(new ImageSpec(4, 4, Mean, Std));
        using var empty = new Mat();
        using var deep = new Mat(4, 4, MatType.CV_16UC1, Scalar.All(0));
        using var two = new Mat(4, 4, MatType.CV_8UC2, Scalar.All(0));
        using var good = new Mat(4, 4, MatType.CV_8UC3, Scalar.All(0));

        Assert.Throws<ArgumentException>(() => preparation.Prepare(empty, new float[48]));
        Assert.Throws<ArgumentException>(() => preparation.Prepare(deep, new float[48]));
        Assert.Throws<ArgumentException>(() => preparation.Prepare(two, new float[48]));
        Assert.Throws<ArgumentException>(() => preparation.Prepare(good, new float[47]));
    }

    [Theory]
    [InlineData(ImageFit.Stretch)]
    [InlineData(ImageFit.Crop)]
    [InlineData(ImageFit.Centre)]
    public void Nothing_is_allocated_from_picture_to_picture(ImageFit fit)
    {
        using var picture = new Mat(480, 640, MatType.CV_8UC3, Scalar.All(1));
        using var preparation = new ImagePreparation(new ImageSpec(224, 224, Mean, Std) { Fit = fit });
        var pixels = new float[224 * 224 * 3];
        preparation.Prepare(picture, pixels);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
            preparation.Prepare(picture, pixels);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // OpenCvSharp wraps each argument of a call in small proxies; pixels would be hundreds of kilobytes.
        Assert.InRange(allocated, 0, 10 * 2_000);
    }

    [Theory]
    // What openpi's image_tools.resize_with_pad leaves black: rows or columns before the picture, and its own.
    [InlineData(1280, 720, 224, 224, 0, 49, 224, 126)]
    [InlineData(640, 480, 224, 224, 0, 28, 224, 168)]
    [InlineData(480, 640, 224, 224, 28, 0, 168, 224)]
    [InlineData(100, 100, 224, 224, 0, 0, 224, 224)]
    [InlineData(7, 3, 10, 10, 0, 3, 10, 4)]
    public void A_picture_in_the_middle_of_black_is_as_large_as_fits(
        int width,
        int height,
        int wantedWidth,
        int wantedHeight,
        int left,
        int top,
        int itsWidth,
        int itsHeight
    )
    {
        using var picture = new Mat(height, width, MatType.CV_8UC3, Scalar.All(255));
        var spec = new ImageSpec(wantedHeight, wantedWidth, [0, 0, 0], [1, 1, 1]) { Fit = ImageFit.Centre };

        var pixels = Prepare(picture, spec);

        for (var y = 0; y < wantedHeight; y++)
        for (var x = 0; x < wantedWidth; x++)
        {
            var isInside = x >= left && x < left + itsWidth && y >= top && y < top + itsHeight;
            Assert.Equal(isInside ? 1 : 0, pixels[(y * wantedWidth + x) * 3]);
        }

        var placement = new PicturePlacement(spec, width, height);
        Assert.Equal(
            ((left + itsWidth / 2f) / wantedWidth, (top + itsHeight / 2f) / wantedHeight),
            placement.Of(0.5f, 0.5f)
        );
    }

    private static float[] PrepareUnscaled(Mat picture, int height, int width) =>
        Prepare(picture, new ImageSpec(height, width, [0, 0, 0], [1, 1, 1]));

    private static float[] Prepare(Mat picture, int height, int width) =>
        Prepare(picture, new ImageSpec(height, width, Mean, Std));

    private static float[] Prepare(Mat picture, ImageSpec spec)
    {
        using var preparation = new ImagePreparation(spec);
        var pixels = new float[spec.Height * spec.Width * 3];
        preparation.Prepare(picture, pixels);
        return pixels;
    }
}
