namespace Vla.Actors.Pipeline;

/// <summary>The next actions a policy wants, in physical units, with where they came from.</summary>
/// <param name="Values">Actions row by row, [horizon × dimensions], un-normalised.</param>
/// <param name="Horizon">Number of actions, 1 or more.</param>
/// <param name="StepNs">
/// Time from one action to the next in nanoseconds, above 0 for more than one action; the first is due at the capture
/// time.
/// </param>
/// <param name="Origin">The frame and instruction behind the chunk, and when each stage was done.</param>
public sealed record ActionChunk(float[] Values, int Horizon, long StepNs, Origin Origin);

/// <summary>Where an action came from. Times are monotonic nanoseconds; 0 means not there yet.</summary>
public readonly record struct Origin
{
    public long FrameSequence { get; init; }

    public string Instruction { get; init; }

    /// <summary>Counts instructions from 1; 0 means none.</summary>
    public long InstructionNumber { get; init; }

    /// <summary>When the instruction was given, so that the time to its first action can be told.</summary>
    public long InstructionGivenNs { get; init; }

    /// <summary>When the instruction was encoded: once, and often before the picture was taken.</summary>
    public StageTimes InstructionEncoded { get; init; }

    public long CapturedNs { get; init; }

    public StageTimes Prepared { get; init; }

    public StageTimes Encoded { get; init; }

    public StageTimes Fused { get; init; }

    public StageTimes Decoded { get; init; }
}

/// <summary>When a stage began and finished one piece of work, monotonic nanoseconds.</summary>
public readonly record struct StageTimes(long StartedNs, long FinishedNs)
{
    public long DurationNs => FinishedNs - StartedNs;
}
