using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using Vla.Runtime;
using Vla.Runtime.Commands;
using Vla.Runtime.Hosting;
using Vla.Runtime.Status;
using Vla.Sensors.Cameras;

namespace Vla.Tests.Runtime.Commands;

public sealed class CamerasCommandTests
{
    private static readonly VideoDevice Webcam = new(
        "/dev/video0",
        "HD Webcam",
        "uvcvideo",
        "usb-1",
        CanCapture: true,
        [
            new VideoFormat(
                "MJPG",
                "Motion-JPEG",
                [new VideoSize(640, 480, 640, 480, [30, 15]), new VideoSize(1280, 720, 1280, 720, [30])]
            ),
            new VideoFormat("YUYV", "YUYV 4:2:2", [new VideoSize(640, 480, 640, 480, [12.5])]),
        ]
    );

    [LinuxFact]
    public void The_table_shows_name_formats_sizes_and_rates()
    {
        var text = Written([Webcam]);

        foreach (
            var expected in new[] { "/dev/video0", "HD Webcam", "MJPG", "640x480", "1280x720", "30", "YUYV", "12.5" }
        )
            Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.Contains("vla run --camera /dev/video0", text, StringComparison.Ordinal);
    }

    [Fact]
    public void While_they_are_aimed_a_line_says_what_each_really_gives()
    {
        var cameras = new Dictionary<string, NamedCameraStatus>
        {
            ["front"] = new("streaming", "0", 640, 480, null, 29.97, 100, 0, 0, 0, 0),
            ["wrist"] = new("backing_off", "2", 320, 240, "it is gone", 0, 7, 0, 0, 0, 1),
        };

        Assert.Equal("front 640x480 30.0 Hz   wrist 320x240 0.0 Hz backing off", CameraLines.Words(cameras));
    }

    [Fact]
    public async Task What_is_for_the_preview_alone_is_refused_without_it()
    {
        var refused = await Assert.ThrowsAsync<UsageException>(() =>
            CamerasCommand
                .Create()
                .Parse(["--http", "off"])
                .InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false })
        );

        Assert.Equal("--http goes with --preview", refused.Message);
    }

    [LinuxFact]
    public void Devices_without_pictures_and_with_problems_are_listed_as_such()
    {
        var text = Written([
            Webcam with
            {
                Path = "/dev/video1",
                CanCapture = false,
                Formats = [],
            },
            new VideoDevice("/dev/video2", "", "", "", CanCapture: false, [], "may not be used by you"),
        ]);

        Assert.Contains("gives no pictures", text, StringComparison.Ordinal);
        Assert.Contains("may not be used by you", text, StringComparison.Ordinal);
        Assert.DoesNotContain("vla run", text, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void Without_a_device_the_way_to_do_without_one_is_shown()
    {
        Assert.Contains("--camera synthetic", Written([]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_json_is_an_array_of_devices()
    {
        using var output = new StringWriter();

        var code = CamerasCommand.Create().Parse("--json").Invoke(new() { Output = output });

        Assert.Equal(0, code);
        using var document = JsonDocument.Parse(output.ToString());
        Assert.Equal(JsonValueKind.Array, document.RootElement.ValueKind);
    }

    private static string Written(IReadOnlyList<VideoDevice> devices)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No }
        );
        console.Profile.Width = 160;
        CamerasCommand.Write(console, devices);
        return output.ToString();
    }
}
