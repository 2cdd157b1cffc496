using System.Collections.Concurrent;
using Vla.Actors.Robots;
using Vla.Sensors.Observations;

namespace Vla.Tests.Actors.Robots;

/// <summary>The time of a <see cref="ManualClock"/>, for what takes its time from a provider.</summary>
internal sealed class ClockTime(ManualClock clock) : TimeProvider
{
    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => clock.NowNs;
}

/// <summary>An arm that tells where it is, as a test says.</summary>
internal sealed class FeelingRobot : IRobot
{
    public string? Gone { get; set; }

    public string Name { get; init; } = "feeling arm";

    public bool MayBlock { get; init; } = true;

    public IReadOnlyList<string> ActionNames { get; init; } = ["x", "gripper"];

    public IReadOnlyList<string> ActionUnits { get; init; } = ["m", "1"];

    public IReadOnlyList<string> StateNames { get; init; } = ["gripper", "x"];

    public IReadOnlyList<string> StateUnits { get; init; } = ["1", "m"];

    public double StateRateHz { get; init; }

    public RobotProfile? Profile { get; init; }

    public StateRing? States { get; init; }

    /// <summary>When what it tells was true; by default at a moment that no test minds.</summary>
    public Func<long> Now { get; init; } = () => 0;

    /// <summary>What it tells; null when it does not know.</summary>
    public float[]? State { get; set; } = [0.3f, 0];

    /// <summary>Why it holds still, as it says.</summary>
    public string? Holding { get; set; }

    /// <summary>What is unusual, as it says.</summary>
    public string? Note { get; set; }

    /// <summary>Called before each reading: throw or block here.</summary>
    public Action Before { get; set; } = () => { };

    /// <summary>Called with each action: throw or block here.</summary>
    public Action<PublishedAction> Acting { get; set; } = _ => { };

    /// <summary>Called when it is to be connected: throw or block here.</summary>
    public Action<CancellationToken> Connecting { get; set; } = _ => { };

    /// <summary>Everything that was done with the connection, in order.</summary>
    public ConcurrentQueue<string> Done { get; } = [];

    public void Connect(CancellationToken cancellation)
    {
        Done.Enqueue("connect");
        Connecting(cancellation);
    }

    public void Disconnect() => Done.Enqueue("disconnect");

    public void Apply(PublishedAction action) => Acting(action);

    public long ReadState(Span<float> values)
    {
        Before();
        if (State is null)
            throw new InvalidOperationException("it says that it does not know it");
        State.CopyTo(values);
        return Now();
    }

    public void Dispose() => Done.Enqueue("dispose");
}
