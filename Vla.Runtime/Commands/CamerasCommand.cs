using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Commands;

/// <summary><c>vla cameras</c>: which webcams are there, and what sizes and rates they have.</summary>
public static class CamerasCommand
{
    private static readonly JsonSerializerOptions JsonForm = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table." };
        var command = new Command("cameras", "List video devices with their formats, sizes and rates.") { json };
        command.SetAction(result =>
        {
            var devices = VideoDevices.List();
            if (result.GetValue(json)) result.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(devices, JsonForm));
            else Write(AnsiConsole.Console, devices);
            return ExitCodes.Success;
        });
        return command;
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
    }

    private static Table Table(IReadOnlyList<VideoDevice> devices)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Device", "Name", "Format", "Sizes", "Fps");
        foreach (var device in devices)
        {
            var name = $"{device.Name}\n{device.Driver}, {device.Bus}";
            if (device.Problem is { } problem) AddRow(device.Path, problem);
            else if (!device.CanCapture) AddRow(device.Path, name, "gives no pictures");
            else if (device.Formats.Count == 0) AddRow(device.Path, name, "names no format");

            var firstOfDevice = true;
            foreach (var format in device.Formats)
            {
                AddRow(firstOfDevice ? device.Path : "", firstOfDevice ? name : "", $"{format.Code}\n{format.Description}",
                    string.Join('\n', format.Sizes), string.Join('\n', format.Sizes.Select(Rates)));
                firstOfDevice = false;
            }
        }

        return table;

        void AddRow(params string[] cells) => table.AddRow([.. cells.Select(cell => new Text(cell))]);
    }

    private static string Rates(VideoSize size) =>
        string.Join(", ", size.Fps.Select(rate => rate.ToString("0.##", CultureInfo.InvariantCulture)));
}
