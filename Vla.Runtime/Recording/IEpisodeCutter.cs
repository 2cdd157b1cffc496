using Vla.Actors.Pipeline;
using Vla.Actors.Robots;

namespace Vla.Runtime.Recording;

/// <summary>Says which actions of a live run are frames of an episode, and where an episode ends.</summary>
internal interface IEpisodeCutter
{
    /// <summary>What kept the first episode from beginning, in words; null once one has begun.</summary>
    string? Obstacle { get; }

    /// <summary>When the episode under way began, monotonic nanoseconds.</summary>
    long BeganNs { get; }

    /// <summary>What becomes of an episode that is under way when the run ends.</summary>
    EpisodeEnd WhenCutShort { get; }

    /// <param name="action">As it was published, in order.</param>
    /// <param name="scene">What was asked for and where; only looked at when it matters.</param>
    Cut Look(PublishedAction action, Func<LiveScene> scene);

    /// <summary>Told what became of the episode that ended last, from the thread that saves.</summary>
    /// <param name="isSaved">Whether it is whole on disk.</param>
    /// <param name="why">Why not, in words; empty where it is.</param>
    void Settle(bool isSaved, string why) { }
}

/// <summary>What becomes of an episode that has ended.</summary>
internal enum EpisodeEnd
{
    /// <summary>It is kept if it is long enough to be somebody's demonstration.</summary>
    Kept,

    /// <summary>It is kept however short: the simulated world's judge has ended it.</summary>
    Judged,

    /// <summary>It is not kept.</summary>
    Discarded,

    /// <summary>The one before, which has been saved, is taken out of the dataset again.</summary>
    TakenBack,
}

/// <summary>What an action is to a recording.</summary>
/// <param name="End">How the episode before it has ended; null where none has.</param>
/// <param name="Task">It is a frame, of this task; null when it is none.</param>
/// <param name="Missed">Frames that were due before it, and no action came.</param>
internal readonly record struct Cut(EpisodeEnd? End, string? Task = null, long Missed = 0)
{
    /// <summary>Whether what was to be done in the episode that has ended was done.</summary>
    public bool IsSuccess { get; init; }
}

/// <summary>What was asked for, and where.</summary>
/// <param name="Instruction">In force; null before the first.</param>
/// <param name="Table">Number of the simulated world's table; 0 without one.</param>
/// <param name="TableBeganNs">When that was laid, monotonic nanoseconds.</param>
/// <param name="IsDecided">The simulated world's judge has said how the task ended.</param>
/// <param name="IsAttempt">The judge knows the task, and has not said so yet.</param>
/// <param name="Failure">Why it failed, in words; empty where it did not.</param>
internal readonly record struct LiveScene(
    Instruction? Instruction,
    long Table = 0,
    long TableBeganNs = 0,
    bool IsDecided = false,
    bool IsAttempt = false,
    string Failure = ""
)
{
    public (long, long)? Key => Instruction is null ? null : (Instruction.Number, Table);

    /// <summary>Why no episode begins with an action; null when one does.</summary>
    public string? ObstacleTo(PublishedAction action)
    {
        if (Instruction is not { } instruction)
            return "there was no instruction";
        if (action.State != ControlState.Policy)
            return action.Reason;
        if (action.Origin.InstructionNumber != instruction.Number || action.Origin.CapturedNs < TableBeganNs)
            return "the policy gave no action for the instruction and the table that were there";
        return IsDecided ? "the task was decided before the first action" : null;
    }
}
