using Vla.Sensors.Images;

namespace Vla.Tests.Sensors.Images;

public sealed class AspectCheckTests
{
    private static readonly ImageSpec Stretched = new(224, 224, [0, 0, 0], [1, 1, 1]) { Source = (640, 480) };

    [Theory]
    [InlineData(640, 480)]
    [InlineData(320, 240)]
    [InlineData(1280, 960)]
    [InlineData(642, 480)]
    [InlineData(0, 0)]
    public void A_camera_of_the_same_shape_or_of_none_that_is_known_is_nothing_to_say(int width, int height) =>
        Assert.Null(AspectCheck.Difference(Stretched, "0", width, height));

    [Fact]
    public void A_policy_that_does_not_know_its_training_is_compared_with_nothing() =>
        Assert.Null(AspectCheck.Difference(Stretched with { Source = null }, "0", 1280, 720));

    [Fact]
    public void Another_size_is_said_where_the_policy_itself_resizes_nothing()
    {
        var exact = new ImageSpec(480, 640, [0, 0, 0], [1, 1, 1]) { Source = (640, 480), TakesNoOtherSize = true };

        Assert.Null(AspectCheck.Difference(exact, "0", 640, 480));
        Assert.Equal(
            "camera '0' gives 1280x960, the policy was trained on 640x480 and resizes nothing itself: its pictures "
                + "are brought to "
                + "that size here; set the camera to it (?size=640x480)",
            AspectCheck.Difference(exact, "0", 1280, 960)
        );
    }

    [Theory]
    [InlineData(1280, 720, ImageFit.Stretch, "things are 0.75 times as wide as in training")]
    [InlineData(480, 640, ImageFit.Stretch, "things are 1.78 times as wide as in training")]
    [InlineData(1280, 720, ImageFit.Crop, "another part of them is cut off than in training")]
    [InlineData(650, 480, ImageFit.Crop, "another part of them is cut off than in training")]
    public void Another_shape_is_said_with_both_sizes_and_what_it_does(
        int width,
        int height,
        ImageFit fit,
        string effect
    ) =>
        Assert.Equal(
            $"camera '/dev/video0' gives {width}x{height}, the policy was trained on 640x480: {effect}; "
                + "set the camera to that shape, or train on its pictures",
            AspectCheck.Difference(Stretched with { Fit = fit }, "/dev/video0", width, height)
        );
}
