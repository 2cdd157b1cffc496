namespace Vla.Actors.Pipeline;

/// <summary>Where an action came from. Times are monotonic nanoseconds; 0 means not there yet.</summary>
public readonly record struct Origin
{
    /// <summary>Number of the newest picture that it was made of.</summary>
    public long FrameSequence { get; init; }

    /// <summary>The words in force when it was made.</summary>
    public string Instruction { get; init; }

    /// <summary>Counts instructions from 1; 0 means none.</summary>
    public long InstructionNumber { get; init; }

    /// <summary>When the instruction was given, so that the time to its first action can be told.</summary>
    public long InstructionGivenNs { get; init; }

    /// <summary>What was done for the instruction: once, and often before the picture was taken.</summary>
    public StepTrail InstructionSteps { get; init; }

    /// <summary>When the picture was taken; of several the oldest.</summary>
    public long CapturedNs { get; init; }

    /// <summary>What was done for the picture since, one step after the other.</summary>
    public StepTrail Steps { get; init; }
}
