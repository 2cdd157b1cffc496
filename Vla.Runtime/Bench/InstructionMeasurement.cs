using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Sensors;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Bench;

/// <summary>
/// How long a new instruction takes to the first action made with it, when the daemon runs as it comes.
/// </summary>
internal sealed class InstructionMeasurement : IMeasurement
{
    // About ten a second, but never in step with pictures and ticks, which would favour one phase.
    private const int ShortestMs = 80;
    private const int LongestMs = 120;

    public string Name => "instruction";

    public double Share => 0.5;

    public async Task RunAsync(BenchContext context, BenchReport report)
    {
        var camera = new CameraSource.Synthetic(Fps: LatencyMeasurement.CameraFps);
        await using var pipeline = await BenchPipeline.StartAsync(
            context,
            new BenchParts { OpenCamera = () => camera.Open(TimeProvider.System) }
        );
        await pipeline.WarmUpAsync();

        var seconds = context.Seconds * Share;
        context.Say("new instructions", seconds);
        var latencies = pipeline.Control.Latencies;
        latencies.Clear();
        var random = new Random(1);
        var endNs = TimeProvider.System.NowNs() + (long)(seconds * MonotonicTime.NsPerSecond);
        while (TimeProvider.System.NowNs() < endNs)
        {
            pipeline.Instructions.Tell(new GiveInstruction(BenchContext.Instruction), ActorRefs.NoSender);
            await Task.Delay(random.Next(ShortestMs, LongestMs + 1), context.Cancellation);
        }

        pipeline.ThrowIfBroken();
        report.InstructionToActionP50Ms =
            latencies.InstructionToAction.Read(TimeProvider.System.NowNs()).P50Ns / (double)MonotonicTime.NsPerMs;
    }
}
