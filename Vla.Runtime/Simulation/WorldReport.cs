namespace Vla.Runtime.Simulation;

/// <summary>How an attempt at a task stands.</summary>
internal enum Judgement
{
    /// <summary>There is no instruction, or it is no task on this table.</summary>
    None,

    UnderWay,
    Succeeded,
    Failed,

    /// <summary>Not done within the time that is allowed.</summary>
    TimedOut,
}

/// <summary>What goes on in the simulated world, for status and view. Immutable.</summary>
internal sealed record WorldReport
{
    /// <summary>1 or 2.</summary>
    public required int Level { get; init; }

    /// <summary>The table's; the same number lays the same table again.</summary>
    public required long Seed { get; init; }

    /// <summary>Counts tables from 1.</summary>
    public required long Episode { get; init; }

    /// <summary>Names of the blocks, as an instruction would say them: <c>red</c>, <c>left green</c>.</summary>
    public required IReadOnlyList<string> Blocks { get; init; }

    /// <summary>Colours of the trays.</summary>
    public required IReadOnlyList<string> Trays { get; init; }

    /// <summary>
    /// The task in its plainest words; null when the instruction is none on this table, or there is none.
    /// </summary>
    public string? Task { get; init; }

    /// <summary>
    /// Which thing the instruction names that is not on this table, and what is; empty when none is missing.
    /// </summary>
    public string Missing { get; init; } = "";

    public Judgement Judgement { get; init; }

    /// <summary>True when the attempt has ended, whichever way.</summary>
    public bool IsDecided => Judgement is Judgement.Succeeded or Judgement.Failed or Judgement.TimedOut;

    /// <summary>Why it failed; empty unless it did.</summary>
    public string Reason { get; init; } = "";

    /// <summary>How long the attempt has taken so far, or took.</summary>
    public double Seconds { get; init; }

    public long Successes { get; init; }

    /// <summary>
    /// Attempts that have ended in a success, a failure or for want of time; one given up does not count.
    /// </summary>
    public long Attempts { get; init; }
}
