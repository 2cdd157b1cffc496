using Vla.Actors.Pipeline;

namespace Vla.Actors.Telemetry;

/// <summary>Where the time between a picture and the action made of it goes.</summary>
/// <remarks>
/// Recorded when a chunk's first action is published. For every chunk prepare + encode + fuse + decode + waiting + tick
/// wait is capture-to-publish, to the nanosecond (percentiles of parts do not add up to the percentile of the sum).
/// One thread records, any thread reads.
/// </remarks>
public sealed class PipelineLatencies
{
    private long _lastInstruction;
    private FirstAction? _newestFirstAction;

    /// <summary>Resizing and normalising the picture.</summary>
    public LatencyWindow Prepare { get; } = new();

    public LatencyWindow Encode { get; } = new();

    public LatencyWindow Fuse { get; } = new();

    public LatencyWindow Decode { get; } = new();

    /// <summary>What the stages worked on it, all together: prepare + encode + fuse + decode.</summary>
    public LatencyWindow Stages { get; } = new();

    /// <summary>Between the stages, and from the decoder to the control loop: what the runtime adds.</summary>
    public LatencyWindow Waiting { get; } = new();

    /// <summary>From the arrival in the control loop to the tick that published it.</summary>
    public LatencyWindow TickWait { get; } = new();

    public LatencyWindow CaptureToPublish { get; } = new();

    /// <summary>From giving an instruction to publishing the first action made with it.</summary>
    public LatencyWindow InstructionToAction { get; } = new();

    /// <summary>Encoding an instruction, once for each.</summary>
    public LatencyWindow EncodeInstruction { get; } = new();

    /// <summary>The newest instruction that an action was made with; null before the first.</summary>
    public FirstAction? NewestFirstAction => Volatile.Read(ref _newestFirstAction);

    /// <param name="origin">The published chunk's origin.</param>
    /// <param name="offeredNs">When the control loop got it.</param>
    /// <param name="publishedNs">When its first action was published.</param>
    public void Record(in Origin origin, long offeredNs, long publishedNs)
    {
        var total = publishedNs - origin.CapturedNs;
        var tickWait = publishedNs - offeredNs;
        var stages = origin.Prepared.DurationNs + origin.Encoded.DurationNs + origin.Fused.DurationNs + origin.Decoded.DurationNs;
        Prepare.Record(origin.Prepared.DurationNs, publishedNs);
        Encode.Record(origin.Encoded.DurationNs, publishedNs);
        Fuse.Record(origin.Fused.DurationNs, publishedNs);
        Decode.Record(origin.Decoded.DurationNs, publishedNs);
        Stages.Record(stages, publishedNs);
        Waiting.Record(total - stages - tickWait, publishedNs);
        TickWait.Record(tickWait, publishedNs);
        CaptureToPublish.Record(total, publishedNs);
        if (origin.InstructionNumber == _lastInstruction) return;
        _lastInstruction = origin.InstructionNumber;
        if (origin.InstructionGivenNs <= 0) return;
        var afterNs = publishedNs - origin.InstructionGivenNs;
        EncodeInstruction.Record(origin.InstructionEncoded.DurationNs, publishedNs);
        InstructionToAction.Record(afterNs, publishedNs);
        Volatile.Write(ref _newestFirstAction, new FirstAction(origin.InstructionNumber, afterNs, origin.InstructionEncoded.DurationNs));
    }

    /// <summary>Forgets what was recorded, so that a measurement can begin when everything is warm.</summary>
    public void Clear()
    {
        foreach (var window in (LatencyWindow[])[Prepare, Encode, Fuse, Decode, Stages, Waiting, TickWait, CaptureToPublish, InstructionToAction, EncodeInstruction])
            window.Clear();
    }

    /// <summary>All windows with the names that status and logs use.</summary>
    public IReadOnlyList<NamedLatency> Read(long nowNs) =>
    [
        new("prepare", Prepare.Read(nowNs)),
        new("encode", Encode.Read(nowNs)),
        new("fuse", Fuse.Read(nowNs)),
        new("decode", Decode.Read(nowNs)),
        new("stages", Stages.Read(nowNs)),
        new("waiting", Waiting.Read(nowNs)),
        new("tick_wait", TickWait.Read(nowNs)),
        new("capture_to_publish", CaptureToPublish.Read(nowNs)),
        new("instruction_to_action", InstructionToAction.Read(nowNs)),
        new("encode_instruction", EncodeInstruction.Read(nowNs)),
    ];
}

/// <summary>One duration's percentiles under its name.</summary>
public readonly record struct NamedLatency(string Name, LatencyPercentiles Percentiles);

/// <summary>When an instruction first showed in what the robot was told.</summary>
/// <param name="InstructionNumber">As <see cref="Instruction.Number"/>.</param>
/// <param name="AfterNs">From giving the instruction to publishing the first action made with it, nanoseconds.</param>
/// <param name="EncodingNs">Of that, encoding the instruction.</param>
public sealed record FirstAction(long InstructionNumber, long AfterNs, long EncodingNs);
