using Vla.Sensors.Observations;

namespace Vla.Actors.Pipeline;

/// <summary>Where an action came from. Times are monotonic nanoseconds; 0 means not there yet.</summary>
public readonly record struct Origin
{
    /// <summary>Number of the newest picture that it was made of.</summary>
    public long FrameSequence { get; init; }

    /// <summary>The pictures that it was made of, one of each camera; none where that is not known.</summary>
    public SeenPictures Pictures { get; init; }

    /// <summary>The words in force when it was made; null where no policy made it.</summary>
    public WordsInForce? Words { get; init; }

    /// <summary>Their text; empty before there were any, null where no policy made it.</summary>
    public string? Instruction => Words?.Text;

    /// <summary>Counts instructions from 1; 0 means none.</summary>
    public long InstructionNumber => Words?.Number ?? 0;

    /// <summary>When the instruction was given, so that the time to its first action can be told.</summary>
    public long InstructionGivenNs => Words?.GivenNs ?? 0;

    /// <summary>What was done for the instruction: once, and often before the picture was taken.</summary>
    public StepTrail InstructionSteps => Words?.Steps ?? StepTrail.Empty;

    /// <summary>When the picture was taken; of several the oldest.</summary>
    public long CapturedNs { get; init; }

    /// <summary>Whether a person led, by hand: a teleoperator, or a correction while a policy runs.</summary>
    public bool IsByHand { get; init; }

    /// <summary>What was done for the picture since, one step after the other.</summary>
    public StepTrail Steps { get; init; }

    /// <summary>
    /// Where whatever is made of an observation comes from, before anything is made of it and nothing was said.
    /// </summary>
    /// <param name="seen">The observation.</param>
    /// <param name="place">Of the picture whose number it carries.</param>
    public static Origin Of(Observation seen, int place = 0) =>
        new()
        {
            FrameSequence = seen[place].Sequence,
            Pictures = SeenPictures.Of(seen),
            Words = WordsInForce.None,
            CapturedNs = seen.CapturedNs,
            Steps = StepTrail.Of(StepTrail.Prepare, seen.CapturedNs, seen.PreparedNs),
        };

    /// <summary>The same with one more step.</summary>
    public Origin With(string step, long startedNs, long finishedNs) =>
        this with
        {
            Steps = Steps.With(step, startedNs, finishedNs),
        };

    /// <summary>The same, made with these words.</summary>
    public Origin With(WordsInForce words) => this with { Words = words };
}
