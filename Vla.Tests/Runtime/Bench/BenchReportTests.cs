using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using Vla.Runtime.Bench;

namespace Vla.Tests.Runtime.Bench;

public sealed class BenchReportTests
{
    private static readonly MachineFigures Machine = new("Abacus", 2, "10.0", "2.10");

    [Theory]
    [InlineData("", "machine inference jitter latency throughput memory instruction_to_action_p50_ms")]
    [InlineData("machine", "cpu cores dotnet torch")]
    [InlineData(
        "inference",
        "plain_ms runtime_ms bfloat16_ms bfloat16_max_abs_difference vision_ms language_ms fusion_ms decoder_ms"
    )]
    [InlineData(
        "latency",
        "capture_to_publish_p50_ms capture_to_publish_p99_ms capture_to_publish_p999_ms stage_sum_p50_ms "
            + "overhead_p50_us overhead_p99_us tick_wait_p50_ms"
    )]
    [InlineData("throughput", "waiting_stages_fps waiting_stages_ideal_fps video_sequential_fps video_pipeline_fps")]
    [InlineData("memory", "allocated_bytes_per_frame gen2_collections live_tensors_before live_tensors_after rss_mb")]
    public void Json_has_its_keys_whatever_was_measured(string group, string keys)
    {
        var json = Json(new BenchReport { Machine = Machine });

        var found = group.Length == 0 ? json : json[group]!.AsObject();

        Assert.Equal(keys.Split(' '), found.Select(property => property.Key));
    }

    [Fact]
    public void Json_has_an_entry_for_each_rate_of_the_control_loop()
    {
        var jitter = Json(new BenchReport { Machine = Machine })["jitter"]!.AsArray();

        Assert.Equal([50, 200, 500], jitter.Select(entry => (double)entry!["hz"]!));
        Assert.All(
            jitter,
            entry =>
                Assert.Equal(
                    [
                        "hz",
                        "control_clock_p50_us",
                        "control_clock_p99_us",
                        "control_clock_max_us",
                        "control_clock_on_time_percent",
                        "periodic_timer_p99_us",
                        "akka_scheduler_p99_us",
                        "skipped",
                        "scheduling",
                    ],
                    entry!.AsObject().Select(property => property.Key)
                )
        );
    }

    [Fact]
    public void What_was_not_measured_is_null()
    {
        var report = new BenchReport
        {
            Machine = Machine,
            Inference = new InferenceFigures { RuntimeMs = 5.5 },
        };

        var json = Json(report);

        Assert.Equal(5.5, (double)json["inference"]!["runtime_ms"]!);
        Assert.Null(json["inference"]!["bfloat16_ms"]);
        Assert.Null(json["instruction_to_action_p50_ms"]);
        Assert.All(json["memory"]!.AsObject(), figure => Assert.Null(figure.Value));
    }

    [Fact]
    public void The_table_names_the_machine_and_says_why_a_figure_is_missing()
    {
        var report = new BenchReport
        {
            Machine = Machine,
            Inference = new InferenceFigures { PlainMs = 12.5, RuntimeMs = 5 },
        };
        report.Reasons["bfloat16_ms"] = "this processor has none";
        report.Reasons["memory"] = "not in --only";

        var text = Table(report);

        Assert.Contains("Abacus, 2 cores; .NET 10.0, libtorch 2.10", text, StringComparison.Ordinal);
        Assert.Matches("plain TorchSharp port.* 12.50 ms", text);
        Assert.Matches("through the stages.* 5.00 ms.*2.50 times as fast", text);
        Assert.Matches("in bfloat16.* – .*this processor has none", text);
        Assert.Matches("Memory at full speed.*not in --only", text);
        Assert.DoesNotContain("whole process", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_says_how_the_control_thread_was_scheduled()
    {
        var report = new BenchReport
        {
            Machine = Machine,
            Jitter = [new JitterFigures(50) { Scheduling = "real-time (SCHED_FIFO 40)" }],
        };

        Assert.Contains("control thread: real-time (SCHED_FIFO 40)", Table(report), StringComparison.Ordinal);
    }

    private static string Table(BenchReport report)
    {
        var writer = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No }
        );
        console.Profile.Width = 120;
        BenchTable.Write(console, report);
        return writer.ToString();
    }

    private static JsonObject Json(BenchReport report) =>
        JsonNode.Parse(JsonSerializer.Serialize(report, BenchJson.Default.BenchReport))!.AsObject();
}
