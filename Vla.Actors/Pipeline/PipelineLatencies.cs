namespace Vla.Actors.Pipeline;

/// <summary>Where the time between a picture and the action made of it goes.</summary>
/// <remarks>
/// Recorded when a chunk's first action is published. For every chunk its steps + waiting + tick wait are
/// capture-to-publish, to the nanosecond (percentiles of parts do not add up to the percentile of the sum).
/// One thread records, any thread reads.
/// </remarks>
/// <param name="steps">The policy's steps in their order, so that they are there before the first; others are added as
/// they come.</param>
public sealed class PipelineLatencies(params IReadOnlyList<string> steps)
{
    private long _lastInstruction;
    private FirstAction? _newestFirstAction;
    private (string Step, LatencyWindow Window)[] _steps = [.. steps.Select(step => (step, new LatencyWindow()))];

    /// <summary>What the steps worked on it, all together.</summary>
    public LatencyWindow Stages { get; } = new();

    /// <summary>Between the steps, and from the last to the control loop: what the runtime adds.</summary>
    public LatencyWindow Waiting { get; } = new();

    /// <summary>From the arrival in the control loop to the tick that published it.</summary>
    public LatencyWindow TickWait { get; } = new();

    /// <summary>From the picture to the action that it led to, as it was published.</summary>
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
        for (var i = 0; i < origin.Steps.Count; i++)
        {
            var step = origin.Steps[i];
            Of(step.Step).Record(step.DurationNs, publishedNs);
        }

        var stages = origin.Steps.WorkNs;
        Stages.Record(stages, publishedNs);
        Waiting.Record(total - stages - tickWait, publishedNs);
        TickWait.Record(tickWait, publishedNs);
        CaptureToPublish.Record(total, publishedNs);
        if (origin.InstructionNumber == _lastInstruction)
            return;
        _lastInstruction = origin.InstructionNumber;
        if (origin.InstructionGivenNs <= 0)
            return;
        var afterNs = publishedNs - origin.InstructionGivenNs;
        EncodeInstruction.Record(origin.InstructionSteps.WorkNs, publishedNs);
        InstructionToAction.Record(afterNs, publishedNs);
        Volatile.Write(
            ref _newestFirstAction,
            new FirstAction(origin.InstructionNumber, afterNs, origin.InstructionSteps.WorkNs)
        );
    }

    /// <summary>Forgets what was recorded, so that a measurement can begin when everything is warm.</summary>
    public void Clear()
    {
        foreach (var (_, window) in All)
            window.Clear();
    }

    /// <summary>All windows with the names that status and logs use; the steps first.</summary>
    public IReadOnlyList<NamedLatency> Read(long nowNs) =>
        [.. All.Select(named => new NamedLatency(named.Name, named.Window.Read(nowNs)))];

    private IEnumerable<(string Name, LatencyWindow Window)> All =>
        [
            .. Volatile.Read(ref _steps),
            ("stages", Stages),
            ("waiting", Waiting),
            ("tick_wait", TickWait),
            ("capture_to_publish", CaptureToPublish),
            ("instruction_to_action", InstructionToAction),
            ("encode_instruction", EncodeInstruction),
        ];

    private LatencyWindow Of(string step)
    {
        foreach (var known in _steps)
        {
            if (known.Step == step)
                return known.Window;
        }

        var window = new LatencyWindow();
        Volatile.Write(ref _steps, [.. _steps, (step, window)]);
        return window;
    }
}

/// <summary>One duration's percentiles under its name.</summary>
public readonly record struct NamedLatency(string Name, LatencyPercentiles Percentiles);

/// <summary>When an instruction first showed in what the robot was told.</summary>
/// <param name="InstructionNumber">As <see cref="Instruction.Number"/>.</param>
/// <param name="AfterNs">From giving the instruction to publishing the first action made with it, nanoseconds.</param>
/// <param name="EncodingNs">Of that, encoding the instruction.</param>
public sealed record FirstAction(long InstructionNumber, long AfterNs, long EncodingNs);
