using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Networks.Mqtt;

/// <summary>
/// A robot behind an MQTT broker: each action is a JSON text to <c>PREFIX/action</c>, and it says where it is by texts
/// to <c>PREFIX/state</c>: <c>--robot mqtt://BROKER/PREFIX?profile=FILE</c>.
/// </summary>
internal sealed class MqttRobot : NetworkRobot
{
    /// <summary>Above every number of a run, and exact where numbers are doubles.</summary>
    public const long LastWillSequence = (1L << 53) - 1;

    private readonly MqttTopics _topics;
    private readonly ActionJson _actions;
    private readonly byte[] _will;

    /// <param name="address">The broker's.</param>
    /// <param name="profile">What the robot is told.</param>
    /// <param name="tells">What it tells.</param>
    /// <param name="time">The clock.</param>
    public MqttRobot(NetworkAddress address, RobotProfile profile, RobotTells tells, TimeProvider time)
        : base(address, profile, tells, NetworkOption.Number(address[NetworkOption.Rate] ?? "") ?? 0, time)
    {
        _topics = MqttTopics.Of(address, tells.Names.Count > 0);
        _actions = new ActionJson(profile);
        _will = _actions.Write(LastWill(profile))[..^1].ToArray();
    }

    protected override string SilenceMend =>
        $"let it publish to {_topics.State}, not retained, or give state=none for a robot that tells nothing";

    public override void Dispose()
    {
        base.Dispose();
        _actions.Dispose();
    }

    protected override NetworkConnection Open(CancellationToken cancellation)
    {
        var (state, times) = (new StateJson(StateNames), new StateTimes(Time.NowNs()));
        return MqttConnection.Open(
            Address,
            _topics,
            _will,
            (from, message, arrivedNs, isRetained) => Receive(from, state, times, message, arrivedNs, isRetained),
            Time,
            cancellation
        );
    }

    protected override void Send(NetworkConnection connection, PublishedAction action)
    {
        var line = _actions.Write(action);
        ((MqttConnection)connection).Send(line[..^1], LongestSend);
    }

    /// <summary>A stop in which no value is known.</summary>
    private static PublishedAction LastWill(RobotProfile profile) =>
        new()
        {
            Sequence = LastWillSequence,
            State = ControlState.Stop,
            Reason = "the controller is gone (last will)",
            Values = ActionValues.Create(new float[profile.Dimensions.Count]),
            Unknown = ulong.MaxValue,
            Clamped = 0,
            Origin = default,
            PublishedNs = 0,
        };

    private void Receive(
        MqttConnection from,
        StateJson state,
        StateTimes times,
        ReadOnlySpan<byte> message,
        long arrivedNs,
        bool isRetained
    )
    {
        if (isRetained)
            PassOver("a retained message, which says where it once was, was passed over");
        else if (state.Read(message) is { } problem)
            PassOver(problem);
        else if (!times.IsNews(state.Sequence))
            PassOver("a message whose sequence is not above the one before it was passed over");
        else
            Hear(from, times.AtNs(arrivedNs, state.ClockSeconds, state.AgeNs), state.Values);
    }
}
