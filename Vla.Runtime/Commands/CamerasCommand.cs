using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Vla.Runtime.Policies;
using Vla.Runtime.Settings;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Commands;

/// <summary><c>vla cameras</c>: which webcams are there, and what sizes and rates they have.</summary>
internal static class CamerasCommand
{
    private static readonly JsonSerializerOptions JsonForm = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table." };
        var preview = new Option<bool>("--preview")
        {
            Description =
                "Show all of them on the page with their real rates, while you aim them; --camera names others than "
                + "those that are listed",
        };
        // What is looked at needs no robot, and nothing decides.
        var flags = new ControllerFlags(
            "--output",
            "--record",
            "--instruction",
            "--teleop",
            "--policy",
            "--policy-step",
            "--robot",
            "--rate",
            "--max-age",
            "--max-skew",
            "--max-chunk-age",
            "--device",
            "--library",
            "--allow-untrained",
            "--world-drives-robot"
        );
        var command = new Command("cameras", "List video devices with their formats, sizes and rates.")
        {
            json,
            preview,
        };
        flags.AddTo(command);
        command.SetAction(
            async (result, cancellation) =>
            {
                if (result.GetValue(preview))
                    return await flags.RunAsync(result, Preview(result), cancellation);
                if (flags.Given(result) is [var given, ..])
                    throw new UsageException($"{given} goes with --preview");
                var devices = VideoDevices.List();
                if (result.GetValue(json))
                    result.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(devices, JsonForm));
                else
                    Write(AnsiConsole.Console, devices);
                return ExitCodes.Success;
            }
        );
        return command;
    }

    /// <summary>Settings of a run that only looks.</summary>
    /// <exception cref="UsageException">There is no camera to look at.</exception>
    private static Dictionary<string, string?> Preview(ParseResult result)
    {
        var settings = new Dictionary<string, string?>
        {
            ["policy"] = NoPolicy.Word,
            ["robot"] = AutoChoice.Auto,
            ["teleop"] = "",
            // Nobody looks at actions: a line for the cameras is written instead.
            ["outputs:0"] = "jsonl:/dev/null",
        };
        if (result.GetValue<string[]>("--camera") is { Length: > 0 })
            return settings;
        string[] devices = [.. VideoDevices.List().Where(device => device.CanCapture).Select(device => device.Path)];
        if (devices.Length == 0)
            throw new UsageException(
                "there is no video device to show: plug a webcam in, or name a camera, --camera front=http://…"
            );
        foreach (var (i, device) in devices.Take(PictureNames.Most).Index())
        {
            settings[string.Create(CultureInfo.InvariantCulture, $"camera:{i}")] =
                $"{Path.GetFileName(device)}={device}";
        }

        return settings;
    }

    /// <summary>Prints the devices for a person to read.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<VideoDevice> devices)
    {
        if (!VideoDevices.CanList)
        {
            console.WriteLine("Devices can be listed on Linux only. Here, try --camera 0, --camera 1, …");
            return;
        }

        if (devices.Count == 0)
        {
            console.WriteLine("There is no video device (/dev/video*): plug a webcam in.");
            console.WriteLine("Or try without one: vla run --camera synthetic");
            return;
        }

        console.Write(Table(devices));
        if (devices.FirstOrDefault(device => device.CanCapture) is { } first)
            console.WriteLine($"Use one with: vla run --camera {first.Path}");
        if (devices.Where(device => device.CanCapture).Skip(1).FirstOrDefault() is { } second)
            console.WriteLine(
                $"Or several: vla run --camera front={devices.First(device => device.CanCapture).Path} --camera "
                    + $"wrist={second.Path}"
            );
    }

    private static Table Table(IReadOnlyList<VideoDevice> devices)
    {
        var table = new Table()
            .Border(TableBorder.Rounded)
            .AddColumns("Device", "Formats", "Sizes, with the highest rate");
        foreach (var device in devices)
        {
            var name = $"{device.Path}\n{device.Name}\n{device.Driver}, {device.Bus}";
            if (device.Problem is { } problem)
                AddRow(device.Path, problem);
            else if (!device.CanCapture)
                AddRow(name, "gives no pictures");
            else if (device.Formats.Count == 0)
                AddRow(name, "names no format");

            // A driver may have dozens of formats, all of the same sizes.
            foreach (
                var (group, formats) in device
                    .Formats.GroupBy(format => string.Join('\n', format.Sizes.Select(SizeAndRate)))
                    .Index()
            )
                AddRow(group == 0 ? name : "", FormatNames([.. formats]), formats.Key);
        }

        return table;

        void AddRow(params string[] cells) => table.AddRow([.. cells.Select(cell => new Text(cell))]);
    }

    private static string FormatNames(IReadOnlyList<VideoFormat> formats) =>
        formats is [var single]
            ? $"{single.Code} ({single.Description})"
            : string.Join(", ", formats.Select(format => format.Code));

    private static string SizeAndRate(VideoSize size) =>
        size.Fps.Count == 0
            ? $"{size}"
            : string.Create(CultureInfo.InvariantCulture, $"{size}, {size.Fps[0]:0.##} fps");
}
