using System.CommandLine;
using System.Text.Json;
using Vla.Runtime.Doctor;

namespace Vla.Runtime.Commands;

/// <summary><c>vla doctor</c>: checks the machine and says how to mend what is wrong.</summary>
internal static class DoctorCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    public static Command Create()
    {
        var config = new Option<string?>("--config")
        {
            Description = "Settings file to check (default: config/vla.json)",
            HelpName = "FILE",
        };
        var json = new Option<bool>("--json") { Description = "Write the findings as JSON" };
        var command = new Command(
            "doctor",
            "Check this machine: libraries, devices, cameras, settings. Each line is OK, a note, or FAIL with the mend."
        )
        {
            config,
            json,
        };
        command.SetAction(parsed =>
        {
            var findings = Checkup.ThisMachine(
                parsed.GetValue(config) ?? Path.Combine(ProjectPaths.Config, "vla.json")
            );
            return Report(findings, parsed.GetValue(json), Console.Out);
        });
        return command;
    }

    /// <summary>Writes the findings, as they come when they are lines.</summary>
    /// <returns>The exit code: failure when anything has to be mended.</returns>
    public static int Report(IEnumerable<Finding> findings, bool json, TextWriter output)
    {
        var seen = new List<Finding>();
        foreach (var finding in findings)
        {
            seen.Add(finding);
            if (!json)
                output.WriteLine(finding);
        }

        if (json)
            output.WriteLine(JsonSerializer.Serialize(seen, Json));
        return seen.Exists(finding => finding.Verdict == Verdict.Fail) ? ExitCodes.Failure : ExitCodes.Success;
    }
}
