using Vla.Actors.Cameras;
using Vla.Actors.Stages;

namespace Vla.Actors.Wiring;

/// <summary>What is known of the pipeline from outside: one monitor for each actor that can fail, for status.</summary>
public sealed class PipelineMonitors(TimeProvider time)
{
    public CameraMonitor Camera { get; } = new();

    public StageMonitor Vision { get; } = new("vision encoder", time);

    public StageMonitor Language { get; } = new("language encoder", time);

    public StageMonitor Fusion { get; } = new("fusion", time);

    public StageMonitor Decoder { get; } = new("action decoder", time);

    /// <summary>The Torch stages, in the order of the flow.</summary>
    public IReadOnlyList<StageMonitor> Stages => [Vision, Language, Fusion, Decoder];
}
