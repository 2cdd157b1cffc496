namespace Vla.Sensors.Observations;

/// <summary>What a robot had felt of itself by a moment: <c>observation.state</c>.</summary>
/// <param name="Names">A name for each value: <c>x</c>, <c>jaw</c>.</param>
/// <param name="Values">In the robot's units; never changed.</param>
/// <param name="AtNs">When that was true, monotonic nanoseconds; not after the moment.</param>
public sealed record RobotReading(IReadOnlyList<string> Names, float[] Values, long AtNs);
