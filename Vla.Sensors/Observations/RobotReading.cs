namespace Vla.Sensors.Observations;

/// <summary>What a robot felt of itself at a moment: <c>observation.state</c>.</summary>
/// <param name="Names">A name for each value: <c>x</c>, <c>jaw</c>.</param>
/// <param name="Values">In the robot's units; never changed.</param>
/// <param name="AtNs">The moment it is the newest reading of, monotonic nanoseconds.</param>
public sealed record RobotReading(IReadOnlyList<string> Names, float[] Values, long AtNs);
