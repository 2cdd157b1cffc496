using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Vla.Sensors.Datasets.Checks;

namespace Vla.Runtime.Commands;

/// <summary><c>vla dataset --check</c>: a line for each fault of a dataset.</summary>
internal static class DatasetChecking
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <returns>The exit code: a failure when there is a fault; notes are none.</returns>
    /// <exception cref="Vla.Sensors.Datasets.DatasetException">There is no dataset.</exception>
    public static int Run(string directory, bool asJson)
    {
        List<DatasetFinding> findings = [];
        var report = DatasetCheck.Run(
            directory,
            finding =>
            {
                findings.Add(finding);
                if (!asJson)
                    Console.WriteLine(finding.IsFault ? $"fault: {finding}" : $"note: {finding}");
            }
        );
        if (asJson)
            Console.WriteLine(Describe(directory, report, findings).ToJsonString(Indented));
        else
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{directory}: {Counted(report.Faults, "fault")}, {Counted(report.Notes, "note")} in "
                        + $"{Counted(report.Episodes, "episode")} and {Counted(report.Frames, "frame")}"
                )
            );
        return report.Faults == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    public static string Counted(long count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}{(count == 1 ? "" : "s")}");

    private static JsonObject Describe(string directory, DatasetCheckReport report, List<DatasetFinding> findings) =>
        new()
        {
            ["directory"] = directory,
            ["episodes"] = report.Episodes,
            ["frames"] = report.Frames,
            ["faults"] = report.Faults,
            ["notes"] = report.Notes,
            ["findings"] = new JsonArray([
                .. findings.Select(finding => new JsonObject
                {
                    ["fault"] = finding.IsFault,
                    ["file"] = finding.File,
                    ["episode"] = finding.Episode,
                    ["frame"] = finding.Frame,
                    ["what"] = finding.What,
                }),
            ]),
        };
}
