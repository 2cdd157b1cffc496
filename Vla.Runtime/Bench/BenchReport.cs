using System.Text.Json.Serialization;

namespace Vla.Runtime.Bench;

/// <summary>
/// Everything that <c>vla bench</c> tells; names in JSON are snake_case. A figure that was not measured is null.
/// </summary>
internal sealed record BenchReport
{
    public required MachineFigures Machine { get; init; }

    public InferenceFigures Inference { get; set; } = new();

    /// <summary>One entry for each rate.</summary>
    public IReadOnlyList<JitterFigures> Jitter { get; set; } =
    [.. JitterMeasurement.Rates.Select(hz => new JitterFigures(hz))];

    public LatencyFigures Latency { get; set; } = new();

    public ThroughputFigures Throughput { get; set; } = new();

    public MemoryFigures Memory { get; set; } = new();

    /// <summary>From giving an instruction to the first action made with it.</summary>
    public double? InstructionToActionP50Ms { get; set; }

    /// <summary>Why a figure is null, by its JSON key or by its measurement's name; for the table.</summary>
    [JsonIgnore]
    public Dictionary<string, string> Reasons { get; } = [];
}

/// <param name="Cpu">The processor as it names itself.</param>
/// <param name="Cores">Hardware threads that this process may use.</param>
/// <param name="Dotnet">Version of the .NET runtime.</param>
/// <param name="Torch">Version of libtorch.</param>
internal sealed record MachineFigures(string Cpu, int Cores, string Dotnet, string Torch)
{
    /// <summary>
    /// Processes that wanted a core before the run began, average of a minute; null where it is not known.
    /// </summary>
    [JsonIgnore]
    public double? LoadBefore { get; init; }
}

/// <summary>Time for one picture, medians in milliseconds.</summary>
internal sealed record InferenceFigures
{
    /// <summary>The plain TorchSharp port: default layouts, everything encoded for every picture, all cores.</summary>
    public double? PlainMs { get; init; }

    /// <summary>The same work through the stages, one picture at a time.</summary>
    public double? RuntimeMs { get; init; }

    /// <summary>As <see cref="RuntimeMs"/>, with the policy's precision set to bfloat16.</summary>
    public double? Bfloat16Ms { get; init; }

    /// <summary>Largest difference of a normalised action from float32's.</summary>
    public double? Bfloat16MaxAbsDifference { get; init; }

    public double? VisionMs { get; init; }

    /// <summary>Once for each instruction, so no part of <see cref="RuntimeMs"/>.</summary>
    public double? LanguageMs { get; init; }

    public double? FusionMs { get; init; }

    public double? DecoderMs { get; init; }
}

/// <summary>How far ticks are off their deadlines while the pipeline runs as fast as it can.</summary>
/// <param name="Hz">Ticks a second.</param>
internal sealed record JitterFigures(double Hz)
{
    public double? ControlClockP50Us { get; init; }

    public double? ControlClockP99Us { get; init; }

    public double? ControlClockMaxUs { get; init; }

    /// <summary>Share of deadlines with a tick within 0.5 ms; one that was skipped is not among them.</summary>
    public double? ControlClockOnTimePercent { get; init; }

    public double? PeriodicTimerP99Us { get; init; }

    public double? AkkaSchedulerP99Us { get; init; }

    /// <summary>Deadlines of the control loop without a tick.</summary>
    public long? Skipped { get; init; }

    /// <summary>What the kernel granted the control thread, in status's words.</summary>
    public string? Scheduling { get; init; }
}

/// <summary>
/// Where the time from a picture to its action goes; percentiles of parts do not add up to those of the sum.
/// </summary>
internal sealed record LatencyFigures
{
    public double? CaptureToPublishP50Ms { get; init; }

    public double? CaptureToPublishP99Ms { get; init; }

    public double? CaptureToPublishP999Ms { get; init; }

    /// <summary>What the camera and the stages worked on it.</summary>
    public double? StageSumP50Ms { get; init; }

    /// <summary>
    /// What the runtime adds: all that is neither a stage's work nor waiting for the tick, microseconds.
    /// </summary>
    public double? OverheadP50Us { get; init; }

    public double? OverheadP99Us { get; init; }

    public double? TickWaitP50Ms { get; init; }
}

/// <summary>Pictures a second, with stages that overlap and without.</summary>
internal sealed record ThroughputFigures
{
    /// <summary>Three stages that wait 10 ms each.</summary>
    public double? WaitingStagesFps { get; init; }

    public double? WaitingStagesIdealFps { get; init; }

    /// <summary>A 720p video, decoded, prepared and inferred one after the other on one thread.</summary>
    public double? VideoSequentialFps { get; init; }

    /// <summary>The same through the pipeline.</summary>
    public double? VideoPipelineFps { get; init; }
}

internal sealed record MemoryFigures
{
    /// <summary>Managed memory that the whole process allocates for each picture in steady state.</summary>
    public double? AllocatedBytesPerFrame { get; init; }

    /// <summary>Collections of the oldest generation in steady state.</summary>
    public int? Gen2Collections { get; init; }

    /// <summary>Tensors when everything is warm and nothing under way.</summary>
    public long? LiveTensorsBefore { get; init; }

    /// <summary>The same at the end.</summary>
    public long? LiveTensorsAfter { get; init; }

    /// <summary>Memory of the whole process while the pipeline ran, libraries included.</summary>
    public double? RssMb { get; init; }
}

/// <summary>JSON of the report, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class BenchJson : JsonSerializerContext;
