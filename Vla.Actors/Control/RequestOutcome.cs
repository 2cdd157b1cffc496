using Vla.Actors.Robots;

namespace Vla.Actors.Control;

/// <summary>What has become of an operator's request.</summary>
/// <param name="Obeyed">The action published in answer, or a later one; null when none was within the time
/// given.</param>
/// <param name="Without">The robots that have not taken it within that time, and how they are doing.</param>
public sealed record RequestOutcome(PublishedAction? Obeyed, IReadOnlyList<OutputSnapshot> Without)
{
    /// <summary>True when a stop was published and every robot has taken it.</summary>
    public bool HasStopped => Obeyed is { State: ControlState.Stop } && Without.Count == 0;
}
