using Vla.Actors.Robots;

namespace Vla.Tests.Actors.Robots;

/// <summary>The time of a <see cref="ManualClock"/>, for what takes its time from a provider.</summary>
internal sealed class ClockTime(ManualClock clock) : TimeProvider
{
    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => clock.NowNs;
}

/// <summary>An arm that tells where it is, as a test says.</summary>
internal sealed class FeelingRobot : IRobot, IRobotState
{
    public string Name { get; init; } = "feeling arm";

    public IReadOnlyList<string> StateNames { get; init; } = ["gripper", "x"];

    public IReadOnlyList<string> StateUnits { get; init; } = ["1", "m"];

    /// <summary>What it tells; null when it does not know.</summary>
    public float[]? State { get; set; } = [0.3f, 0];

    /// <summary>Called before each reading: throw or block here.</summary>
    public Action Before { get; set; } = () => { };

    public void Apply(PublishedAction action)
    {
    }

    public bool TryRead(long atNs, Span<float> values)
    {
        Before();
        State?.CopyTo(values);
        return State is not null;
    }

    public void Dispose()
    {
    }
}
