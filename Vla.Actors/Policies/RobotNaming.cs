namespace Vla.Actors.Policies;

/// <summary>
/// What a robot calls the numbers that it takes and tells, for a policy whose checkpoint has them without names.
/// </summary>
/// <remarks>Names and units are the robot's word; the checkpoint's own come first where it has any.</remarks>
public sealed record RobotNaming
{
    /// <summary>As it stands in messages: <c>the robot profile 'so101'</c>.</summary>
    public required string Who { get; init; }

    /// <summary>A name for each number of an action, in the robot's order.</summary>
    public required IReadOnlyList<string> ActionNames { get; init; }

    /// <summary>A unit for each of them.</summary>
    public required IReadOnlyList<string> ActionUnits { get; init; }

    /// <summary>A name for each number that it tells of itself; empty for a robot that tells none.</summary>
    public IReadOnlyList<string> StateNames { get; init; } = [];

    /// <summary>A unit for each of them.</summary>
    public IReadOnlyList<string> StateUnits { get; init; } = [];

    /// <summary>Time from one action of a chunk to the next, milliseconds; null where the robot does not say.</summary>
    public double? StepMs { get; init; }

    /// <summary>The same as the user insists on it, whatever a checkpoint says; null for nothing.</summary>
    public double? GivenStepMs { get; init; }
}
