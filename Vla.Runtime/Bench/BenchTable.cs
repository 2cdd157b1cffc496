using System.Globalization;
using Spectre.Console;

namespace Vla.Runtime.Bench;

/// <summary>Prints a report for a person to read.</summary>
internal static class BenchTable
{
    private const double QuietLoad = 0.5;

    public static void Write(IAnsiConsole console, BenchReport report)
    {
        var machine = report.Machine;
        console.WriteLine();
        console.WriteLine(
            Text($"{machine.Cpu}, {machine.Cores} cores; .NET {machine.Dotnet}, libtorch {machine.Torch}")
        );
        if (machine.LoadBefore is > QuietLoad and var load)
            console.WriteLine(
                Text($"The machine was busy before this began (load {load:0.0}): a quiet one gives better figures.")
            );

        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "", "");
        table.ShowHeaders = false;
        table.Columns[0].NoWrap();
        table.Columns[1].RightAligned().NoWrap();
        foreach (var (title, measurement, rows) in Sections(report))
        {
            if (table.Rows.Count > 0)
                table.AddEmptyRow();
            var reason = report.Reasons.GetValueOrDefault(measurement, "");
            table.AddRow(new Markup($"[bold]{title}[/]"), new Text(""), new Text(reason));
            if (reason.Length > 0)
                continue;
            foreach (var (name, value, note) in rows)
                table.AddRow(new Text("  " + name), new Text(value), new Text(note));
        }

        console.Write(table);
        if (!report.Reasons.ContainsKey("jitter"))
            console.Write(JitterTable(report));
    }

    private static IEnumerable<(
        string Title,
        string Measurement,
        IEnumerable<(string Name, string Value, string Note)> Rows
    )> Sections(BenchReport report)
    {
        var (inference, latency, throughput, memory) = (
            report.Inference,
            report.Latency,
            report.Throughput,
            report.Memory
        );
        yield return (
            "One picture, 640×480 to action",
            "inference",
            [
                Row(
                    "plain TorchSharp port",
                    inference.PlainMs,
                    "0.00 ms",
                    Why("plain_ms", "default layouts, instruction encoded each time")
                ),
                Row(
                    "through the stages",
                    inference.RuntimeMs,
                    "0.00 ms",
                    Faster(inference.PlainMs, inference.RuntimeMs)
                ),
                Row(
                    "· preparation and messages",
                    inference.RuntimeMs - inference.VisionMs - inference.FusionMs - inference.DecoderMs,
                    "0.00 ms"
                ),
                Row("· vision encoder", inference.VisionMs, "0.00 ms"),
                Row("· fusion", inference.FusionMs, "0.000 ms"),
                Row("· action decoder", inference.DecoderMs, "0.000 ms"),
                Row(
                    "in bfloat16",
                    inference.Bfloat16Ms,
                    "0.00 ms",
                    Why("bfloat16_ms", Faster(inference.RuntimeMs, inference.Bfloat16Ms))
                ),
                Row(
                    "· off float32 by",
                    inference.Bfloat16MaxAbsDifference,
                    "0.0e0",
                    inference.Bfloat16Ms is null ? "" : "at most, of a normalised action"
                ),
                Row("language encoder", inference.LanguageMs, "0.00 ms", "once for each instruction"),
            ]
        );
        yield return (
            "Picture to published action",
            "latency",
            [
                Row("median", latency.CaptureToPublishP50Ms, "0.0 ms", "camera at 30 Hz, control at 50 Hz"),
                Row("99 %", latency.CaptureToPublishP99Ms, "0.0 ms"),
                Row("99.9 %", latency.CaptureToPublishP999Ms, "0.0 ms"),
                Row("· camera and stages", latency.StageSumP50Ms, "0.00 ms", "median"),
                Row("· added by the runtime", latency.OverheadP50Us, "0 µs", "median"),
                Row("· added by the runtime, 99 %", latency.OverheadP99Us, "0 µs"),
                Row("· waiting for the tick", latency.TickWaitP50Ms, "0.0 ms", "median"),
            ]
        );
        yield return (
            "New instruction to its first action",
            "instruction",
            [Row("median", report.InstructionToActionP50Ms, "0.0 ms", "camera at 30 Hz, control at 50 Hz")]
        );
        yield return (
            "Pictures a second",
            "throughput",
            [
                Row(
                    "three stages of 10 ms waiting",
                    throughput.WaitingStagesFps,
                    "0.0",
                    Share(throughput.WaitingStagesFps, throughput.WaitingStagesIdealFps)
                ),
                Row("720p video, on one thread", throughput.VideoSequentialFps, "0.0"),
                Row(
                    "720p video, as a pipeline",
                    throughput.VideoPipelineFps,
                    "0.0",
                    Faster(throughput.VideoPipelineFps, throughput.VideoSequentialFps)
                ),
            ]
        );
        yield return (
            "Memory at full speed",
            "memory",
            [
                Row("managed, for each picture", memory.AllocatedBytesPerFrame, "#,0 B"),
                Row("oldest generation collected", memory.Gen2Collections, "0 times"),
                Row("tensors alive", memory.LiveTensorsBefore, "0", Text($"{memory.LiveTensorsAfter:0} at the end")),
                Row("whole process", memory.RssMb, "0 MB"),
            ]
        );

        string Why(string key, string note) => report.Reasons.GetValueOrDefault(key, note);
    }

    private static (string Name, string Value, string Note) Row(
        string name,
        double? value,
        string format,
        string note = ""
    ) => (name, value is { } number ? number.ToString(Quoted(format), CultureInfo.InvariantCulture) : "–", note);

    private static Table JitterTable(BenchReport report)
    {
        var table = new Table()
            .Border(TableBorder.Rounded)
            .Title(new TableTitle("Ticks off their deadline, policy at full speed (µs)"))
            .AddColumn(new TableColumn("Hz").RightAligned());
        string[] columns =
        [
            "control loop\nmedian",
            "\n99 %",
            "\nlargest",
            "within\n0.5 ms",
            "\nskipped",
            "PeriodicTimer\n99 %",
            "Akka scheduler\n99 %",
        ];
        foreach (var column in columns)
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var row in report.Jitter)
        {
            table.AddRow(
                Text($"{row.Hz:0}"),
                Us(row.ControlClockP50Us),
                Us(row.ControlClockP99Us),
                Us(row.ControlClockMaxUs),
                Text($"{row.ControlClockOnTimePercent:0.00} %"),
                Text($"{row.Skipped:0}"),
                Us(row.PeriodicTimerP99Us),
                Us(row.AkkaSchedulerP99Us)
            );
        }

        if (report.Jitter.Select(row => row.Scheduling).FirstOrDefault() is { } granted)
            table.Caption = new TableTitle($"control thread: {Markup.Escape(granted)}");
        return table;

        static string Us(double? us) => Text($"{us:#,0}");
    }

    private static string Faster(double? slow, double? fast) =>
        slow is { } a && fast is { } b ? Text($"{a / b:0.00} times as fast") : "";

    private static string Share(double? value, double? ideal) =>
        value is { } a && ideal is { } b ? Text($"{a / b:0.000} of the ideal {b:0}") : "";

    /// <summary>The unit of a format in quotes, since letters mean something in formats.</summary>
    private static string Quoted(string format) =>
        format.IndexOf(' ') is var at and >= 0 ? $"{format[..at]}' {format[(at + 1)..]}'" : format;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
