using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Cameras;
using Vla.Runtime.Pages;
using Vla.Sensors.Images;

namespace Vla.Tests.Runtime.Pages;

public sealed class PictureStudiosTests
{
    [Fact]
    public void A_camera_is_found_by_its_name_and_the_first_one_without()
    {
        CameraMonitor[] cameras = [new("front", isOnly: false), new("wrist", isOnly: false)];
        using var studios = new PictureStudios(
            cameras,
            _ => new ImageSpec(12, 16, [0, 0, 0], [1, 1, 1]),
            TimeProvider.System,
            NullLogger<PictureStudio>.Instance
        );

        Assert.Same(cameras[1], studios.Find("wrist")!.Value.Camera);
        Assert.Same(cameras[0], studios.Find(null)!.Value.Camera);
        Assert.Null(studios.Find("side"));
        Assert.Equal(["front", "wrist"], studios.Names);
    }
}
