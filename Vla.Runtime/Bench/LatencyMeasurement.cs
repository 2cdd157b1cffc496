using Vla.Sensors;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Bench;

/// <summary>
/// Where the time from a picture to its action goes when the daemon runs as it comes: a camera, 50 Hz.
/// </summary>
/// <remarks>
/// Read from the same windows that status shows, so a longer run tells of its last 30 to 60 seconds. A stage's time
/// here is from its beginning to its end on a busy machine; the camera's own part, from the moment a picture is due
/// until it is drawn, counts as preparing it.
/// </remarks>
internal sealed class LatencyMeasurement : IMeasurement
{
    /// <summary>
    /// Not 30: ticks would fall on the same three points between pictures for ever, chance deciding which.
    /// </summary>
    internal const double CameraFps = 30_000 / 1_001.0;

    public string Name => "latency";

    public double Share => 1;

    public async Task RunAsync(BenchContext context, BenchReport report)
    {
        var camera = new CameraSource.Synthetic(Fps: CameraFps);
        await using var pipeline = await BenchPipeline.StartAsync(
            context,
            new BenchParts { OpenCamera = () => camera.Open(TimeProvider.System) }
        );
        await pipeline.WarmUpAsync();

        context.Say("from picture to action", context.Seconds);
        var latencies = pipeline.Control.Latencies;
        latencies.Clear();
        await context.WaitAsync(context.Seconds);

        pipeline.ThrowIfBroken();
        var nowNs = TimeProvider.System.NowNs();
        var (total, stages, waiting, tick) = (
            latencies.CaptureToPublish.Read(nowNs),
            latencies.Stages.Read(nowNs),
            latencies.Waiting.Read(nowNs),
            latencies.TickWait.Read(nowNs)
        );
        report.Latency = new LatencyFigures
        {
            CaptureToPublishP50Ms = Ms(total.P50Ns),
            CaptureToPublishP99Ms = Ms(total.P99Ns),
            CaptureToPublishP999Ms = Ms(total.P999Ns),
            StageSumP50Ms = Ms(stages.P50Ns),
            OverheadP50Us = waiting.P50Ns / (double)MonotonicTime.NsPerUs,
            OverheadP99Us = waiting.P99Ns / (double)MonotonicTime.NsPerUs,
            TickWaitP50Ms = Ms(tick.P50Ns),
        };
    }

    private static double Ms(long ns) => ns / (double)MonotonicTime.NsPerMs;
}
