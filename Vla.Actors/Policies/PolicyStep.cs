namespace Vla.Actors.Policies;

/// <summary>One step of a policy's work.</summary>
/// <param name="Name">As <see cref="Pipeline.Origin.Steps"/>, latencies and traces name it, a verb:
/// <c>encode</c>.</param>
/// <param name="Stage">What does it, as status, log and metrics name it: <c>vision encoder</c>.</param>
public sealed record PolicyStep(string Name, string Stage)
{
    /// <summary>True for what is done once for each instruction, and not for every picture.</summary>
    public bool IsForInstruction { get; init; }

    /// <summary>
    /// What its results are called where they are drawn: <c>Vision features</c>; null for one that shows none.
    /// </summary>
    public string? Features { get; init; }
}
