namespace Vla.Actors.Robots;

/// <summary>How one output is doing.</summary>
/// <param name="Name">The robot's name.</param>
/// <param name="Applied">Actions it took.</param>
/// <param name="Failures">Actions it threw at, or took too long for.</param>
/// <param name="Dropped">Actions it never saw: replaced by newer ones, or passed over after a failure.</param>
/// <param name="Failing">Whether its last attempt failed or took too long, or the present one has not come back in
/// time.</param>
/// <param name="LastError">The newest error in words; empty when there was none.</param>
/// <param name="Finished">Whether it has taken the run's last message, or failed at it, and was closed.</param>
public sealed record OutputSnapshot(
    string Name,
    long Applied,
    long Failures,
    long Dropped,
    bool Failing,
    string LastError,
    bool Finished
)
{
    /// <summary>False for one that only shows or keeps what is published.</summary>
    public bool Moves { get; init; } = true;

    /// <summary>Sequence of the newest action it took; 0 before.</summary>
    public long NewestTaken { get; init; }

    /// <summary>
    /// What is unusual though it works, in words: it is slower than its rate, or held up the control thread; otherwise
    /// empty.
    /// </summary>
    public string Note { get; init; } = "";

    /// <summary>Why it has not taken an action, in words.</summary>
    public string WhyNotTaken => Failing ? LastError : "it has not come to it yet";
}
