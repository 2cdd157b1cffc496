namespace Vla.Actors.Pipeline;

/// <summary>The words that an action was made for: one for all that is made as long as they are in force.</summary>
/// <param name="Number">Counts instructions from 1; 0 means none.</param>
/// <param name="Text">As they were said; empty for none.</param>
/// <param name="GivenNs">When they were given, monotonic nanoseconds; 0 where that is not known.</param>
public sealed record WordsInForce(long Number, string Text, long GivenNs = 0)
{
    /// <summary>Before anything was said.</summary>
    public static WordsInForce None { get; } = new(0, "");

    /// <summary>What was done for them: once, and often before the picture was taken.</summary>
    public StepTrail Steps { get; init; }

    /// <summary>An instruction's.</summary>
    public static WordsInForce Of(Instruction instruction) =>
        new(instruction.Number, instruction.Text, instruction.GivenNs);
}
