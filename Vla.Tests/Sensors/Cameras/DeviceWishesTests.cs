using Vla.Sensors.Cameras;

namespace Vla.Tests.Sensors.Cameras;

/// <summary>What a webcam was asked for, against what its driver gives.</summary>
public sealed class DeviceWishesTests
{
    private static readonly CameraDescription Given = new("/dev/video0", 640, 480, 29.97);

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("640x480", 30.0, null)]
    [InlineData("1280x720", null, "cannot give 1280x720, it gives 640x480 and has 640x480, 800x600")]
    [InlineData(null, 60.0, "cannot give 60 pictures a second at 640x480, it gives 29.97")]
    [InlineData("640x480", 15.0, "cannot give 15 pictures a second at 640x480, it gives 29.97")]
    public void What_the_driver_does_not_give_is_said_with_what_it_gives(string? size, double? fps, string? expected)
    {
        (int, int)? wanted = size?.Split('x') is [var width, var height] ? (int.Parse(width), int.Parse(height)) : null;
        var sizes = new[] { new VideoSize(640, 480, 640, 480, []), new VideoSize(800, 600, 800, 600, []) };
        var device = new VideoDevice("/dev/video0", "", "", "", CanCapture: true, [new VideoFormat("MJPG", "", sizes)]);

        Assert.Equal(
            expected,
            DeviceCamera.Lacking(new CameraSource.Device("/dev/video0", wanted, fps), Given, device)
        );
    }

    [Fact]
    public void A_driver_that_does_not_tell_its_rate_is_not_refused() =>
        Assert.Null(
            DeviceCamera.Lacking(new CameraSource.Device("/dev/video0", null, 60), Given with { Fps = 0 }, null)
        );
}
