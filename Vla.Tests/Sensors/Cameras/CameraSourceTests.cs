using Vla.Runtime.Registries;
using Vla.Sensors.Cameras;
using Vla.Sensors.Simulation;

namespace Vla.Tests.Sensors.Cameras;

public sealed class CameraSourceTests
{
    public static TheoryData<string, CameraSource> Sources =>
        new()
        {
            { "synthetic", new CameraSource.Synthetic() },
            { "synthetic?size=320x240&fps=12.5", new CameraSource.Synthetic(320, 240, 12.5) },
            { "world", new WorldCameraSource() },
            { "world?size=320x240&fps=12.5", new WorldCameraSource(WorldView.Front, 320, 240, 12.5) },
            { "world-wrist", new WorldCameraSource(WorldView.Wrist) },
            { "world-wrist?size=96x96", new WorldCameraSource(WorldView.Wrist, 96, 96) },
            { "/dev/video3", new CameraSource.Device("/dev/video3") },
            { "/dev/v4l/by-id/usb-cam?size=1280x720", new CameraSource.Device("/dev/v4l/by-id/usb-cam", (1280, 720)) },
            { "/dev/video0?fps=30", new CameraSource.Device("/dev/video0", null, 30) },
            { "film.mp4", new CameraSource.VideoFile("film.mp4") },
            { "films/red block.avi?loop", new CameraSource.VideoFile("films/red block.avi", Loop: true) },
            {
                "http://cam:8080/video?size=large&loop",
                new CameraSource.Url(new Uri("http://cam:8080/video?size=large&loop"))
            },
            { "rtsp://cam/stream", new CameraSource.Url(new Uri("rtsp://cam/stream")) },
        };

    [Theory]
    [MemberData(nameof(Sources))]
    public void Each_kind_of_camera_is_told_by_its_text(string text, CameraSource source) =>
        Assert.Equal(source, CameraRegistry.Parse(text));

    [Fact]
    public void A_number_is_a_device() =>
        Assert.Equal(
            OperatingSystem.IsLinux() ? "/dev/video2" : "2",
            Assert.IsType<CameraSource.Device>(CameraRegistry.Parse("2")).Path
        );

    [Theory]
    [InlineData("", "no camera is named")]
    [InlineData("synthetic?color=red", "unknown option 'color'; this kind of camera takes size, fps")]
    [InlineData("world?level=2", "unknown option 'level'; this kind of camera takes size, fps")]
    [InlineData("world-wrist?view=up", "unknown option 'view'; this kind of camera takes size, fps")]
    [InlineData("synthetic?loop", "unknown option 'loop'")]
    [InlineData("film.mp4?fps=3", "unknown option 'fps'; this kind of camera takes loop")]
    [InlineData("film.mp4?loop=yes", "write just 'loop'")]
    [InlineData("0?size=640", "write size=WIDTHxHEIGHT")]
    [InlineData("0?size=0x480", "write size=WIDTHxHEIGHT")]
    [InlineData("0?fps=0", "write fps=N, 1 to 1000")]
    [InlineData("0?fps=NaN", "write fps=N, 1 to 1000")]
    [InlineData("0?fps=30&fps=60", "gives 'fps' twice")]
    [InlineData("ftp://host/film", "possible are http, https, rtsp and rtsps")]
    [InlineData("http://", "is not a complete URL")]
    public void What_cannot_be_meant_is_refused_with_the_mend(string text, string expected)
    {
        var exception = Assert.Throws<CameraException>(() => CameraRegistry.Parse(text));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void A_password_in_a_url_is_not_shown()
    {
        var source = CameraRegistry.Parse("rtsp://admin:secret@cam:554/stream");

        Assert.DoesNotContain("secret", source.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", source.Name, StringComparison.Ordinal);
        Assert.Contains("cam", source.Name, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void A_missing_device_is_named_with_the_way_to_find_one()
    {
        AssertCannotOpen("/dev/video9999", "camera '/dev/video9999' is not there; `vla cameras` lists what is");
    }

    [LinuxFact]
    public void A_device_that_is_no_camera_is_refused()
    {
        AssertCannotOpen("/dev/null", "camera '/dev/null' is not a video device");
    }

    [Fact]
    public void A_word_that_names_nothing_is_answered_with_what_is_possible() =>
        AssertCannotOpen("webcam", "no camera or video file 'webcam'; give 'world', 'world-wrist', 'synthetic'");

    [Fact]
    public void A_directory_is_not_a_video() => AssertCannotOpen(Path.GetTempPath(), "is a directory");

    [Fact]
    public void A_file_that_is_no_video_is_refused()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("notes.mp4");
        File.WriteAllText(path, "no video");

        AssertCannotOpen(path, "is not a video that can be played");
    }

    private static void AssertCannotOpen(string text, string expected)
    {
        var exception = Assert.ThrowsAny<CameraException>(() => CameraRegistry.Parse(text).Open(TimeProvider.System));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }
}
