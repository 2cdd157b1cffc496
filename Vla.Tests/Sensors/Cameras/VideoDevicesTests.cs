using Vla.Sensors.Cameras;

namespace Vla.Tests.Sensors.Cameras;

public sealed class VideoDevicesTests
{
    [Fact]
    public void A_machine_without_devices_has_an_empty_list()
    {
        using var directory = new TemporaryDirectory();

        Assert.Empty(VideoDevices.List(directory.Path));
        Assert.Empty(VideoDevices.List(directory.File("missing")));
    }

    [LinuxFact]
    public void Devices_are_listed_by_number_and_what_is_wrong_with_one_is_said()
    {
        using var directory = new TemporaryDirectory();
        foreach (var name in new[] { "video10", "video2", "video", "videotape", "null" })
            File.WriteAllText(directory.File(name), "");

        var devices = VideoDevices.List(directory.Path);

        Assert.Equal(["video2", "video10"], devices.Select(device => Path.GetFileName(device.Path)));
        Assert.All(devices, device => Assert.False(device.CanCapture));
        Assert.All(
            devices,
            device => Assert.StartsWith("is not a video device", device.Problem, StringComparison.Ordinal)
        );
    }
}
