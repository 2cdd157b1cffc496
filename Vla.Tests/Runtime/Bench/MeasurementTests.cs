using Vla.Actors.Policies.Staged;
using Vla.Runtime.Bench;
using Vla.Runtime.Settings;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Bench;

/// <summary>Short real runs: what they measure depends on the machine, that they measure does not.</summary>
[Collection(Actors.Wiring.LiveTensorCount.Name)]
public sealed class MeasurementTests
{
    [Fact]
    public async Task The_plain_port_and_the_stages_give_the_same_actions_and_both_are_timed()
    {
        var report = await RunAsync(new InferenceMeasurement());

        var inference = report.Inference;
        Assert.All(
            new[]
            {
                inference.PlainMs,
                inference.RuntimeMs,
                inference.VisionMs,
                inference.LanguageMs,
                inference.FusionMs,
                inference.DecoderMs,
            },
            figure => Assert.True(figure > 0)
        );
        Assert.Equal(inference.Bfloat16Ms is null, report.Reasons.ContainsKey("bfloat16_ms"));
    }

    [Fact]
    public async Task Every_tensor_of_the_pipeline_is_accounted_for()
    {
        var report = await RunAsync(new MemoryMeasurement());

        Assert.Equal(report.Memory.LiveTensorsBefore, report.Memory.LiveTensorsAfter);
        Assert.True(report.Memory.AllocatedBytesPerFrame > 0);
    }

    private static async Task<BenchReport> RunAsync(IMeasurement measurement)
    {
        var report = new BenchReport { Machine = new MachineFigures("", 1, "", "") };
        await measurement.RunAsync(
            new BenchContext
            {
                Policy = StagedPolicy.Load(TestData.NotebookPolicy),
                Device = CPU,
                Threads = new ThreadSettings().ForThisMachine(),
                Seconds = 0.5,
                Say = (_, _) => { },
                Cancellation = CancellationToken.None,
            },
            report
        );
        return report;
    }
}
