using Vla.Actors.Robots;
using Vla.Runtime.Networks.WebSockets;
using Vla.Sensors;

namespace Vla.Runtime.Networks.Ros;

/// <summary>
/// A robot behind ROS 1 or 2, by a rosbridge: <c>--robot ros://HOST:9090?profile=FILE</c>. What is which topic is in
/// its profile (<see cref="RosProfile"/>).
/// </summary>
/// <remarks>
/// What a bridge says against a message (<c>status</c>) is said in its words; against one that announces a topic, it is
/// an error while it is connected. The bridges of 2024 do not say it: they write it into their own log.
/// </remarks>
internal sealed class RosRobot : NetworkRobot
{
    /// <summary>Bytes of the longest message: joint states are short.</summary>
    public const int LongestMessage = 1 << 20;

    private const string Question = "vla-ready";
    private const string TextType = "std_msgs/String";

    private readonly RosProfile _ros;
    private readonly ActionJson _actions;
    private readonly RosMessages _messages = new();
    private readonly IReadOnlyList<string> _topics;
    private readonly ManualResetEventSlim _isAnswered = new(false);
    private volatile RosJoints? _joints;
    private volatile string? _refusal;

    /// <param name="address">Where the bridge listens.</param>
    /// <param name="profile">What the robot is told.</param>
    /// <param name="ros">What is which topic.</param>
    /// <param name="time">The clock.</param>
    public RosRobot(NetworkAddress address, RobotProfile profile, RosProfile ros, TimeProvider time)
        : base(address, profile, TellsOf(ros), RateOf(ros), time)
    {
        (_ros, _actions) = (ros, new ActionJson(profile));
        _topics = [.. ros.States.Select(state => state.Topic)];
    }

    protected override string SilenceMend =>
        _joints is { } joints
            ? $"not told: {joints.Missing}; see that the topics and names in the profile are right (ros.state, "
                + "ros.joints)"
            : "see that the topics in the profile are right (ros.state)";

    public override void Dispose()
    {
        base.Dispose();
        _actions.Dispose();
        _messages.Dispose();
    }

    protected override NetworkConnection Open(CancellationToken cancellation)
    {
        var nowNs = Time.NowNs();
        var joints = new RosJoints([.. _ros.States.SelectMany(state => state.Parts)]);
        RosStamps[] stamps = [.. _ros.States.Select(_ => new RosStamps(nowNs, Time))];
        (_joints, _refusal) = (joints, null);
        _isAnswered.Reset();
        var connection = WebSocketConnection.Open(
            Address,
            "the rosbridge",
            (from, message, arrivedNs) => Receive(from, joints, stamps, message, arrivedNs),
            LongestMessage,
            Time,
            cancellation
        );
        try
        {
            Adopt(connection);
            connection.Begin();
            Announce(connection, cancellation);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    protected override void Send(NetworkConnection connection, PublishedAction action)
    {
        var socket = (WebSocketConnection)connection;
        for (var i = 0; i < _ros.Commands.Count; i++)
            socket.Send(_messages.Publish(_ros.Commands[i], action.Values.AsSpan(), _ros.Version), LongestSend);
        if (_ros.ActionTopic is { } topic)
            socket.Send(_messages.PublishText(topic, _actions.Write(action).Span[..^1]), LongestSend);
    }

    private static RobotTells TellsOf(RosProfile ros)
    {
        var parts = ros.States.SelectMany(state => state.Parts).ToList();
        return new([.. parts.Select(part => part.Name)], [.. parts.Select(part => part.Unit)]);
    }

    private static double RateOf(RosProfile ros) =>
        ros.States.All(state => state.RateHz > 0) ? ros.States.Select(state => state.RateHz).DefaultIfEmpty().Min() : 0;

    private string TypeName(string type) => RosProfile.TypeName(type, _ros.Version);

    private void Announce(WebSocketConnection connection, CancellationToken cancellation)
    {
        foreach (var command in _ros.Commands)
            Say(_messages.Advertise(command.Topic, TypeName(command.Type.Name)));
        if (_ros.ActionTopic is { } topic)
            Say(_messages.Advertise(topic, TypeName(TextType)));
        foreach (var state in _ros.States)
            Say(_messages.Subscribe(state.Topic, TypeName(RosType.JointState.Name), state.RateHz));
        Say(_messages.Ask("/rosapi/get_time", Question));
        const int LookMs = 20;
        var until = Environment.TickCount64 + (long)Address.Timeout.TotalMilliseconds;
        while (!_isAnswered.Wait(LookMs, cancellation) && _refusal is null)
        {
            if (connection.Failure is { } why)
                throw new RobotException(why);
            if (Environment.TickCount64 >= until)
                throw new RobotException(
                    FormattableString.Invariant(
                        $"it took the connection and answered nothing for {Address.Timeout.TotalSeconds:0.###} s: is "
                    ) + "it a rosbridge (port 9090)?"
                );
        }

        if (_refusal is { } refusal)
            throw new RobotException($"the bridge says: {refusal}");

        void Say(ReadOnlyMemory<byte> message) => connection.Send(message, Address.Timeout);
    }

    private void Receive(
        WebSocketConnection from,
        RosJoints joints,
        RosStamps[] stamps,
        ReadOnlySpan<byte> text,
        long arrivedNs
    )
    {
        var received = RosReceived.Read(text, _topics, out var problem);
        if (problem is not null)
            PassOver(problem);
        else if (received.Operation == "publish")
            TakeState(from, joints, stamps, received, arrivedNs);
        else if (received.Operation == "status")
            TakeStatus(received);
        else if (received.Id == Question)
            _isAnswered.Set();
    }

    private void TakeStatus(RosReceived status)
    {
        if (status.Level == "error" && !_isAnswered.IsSet)
            _refusal ??= status.Words;
        if (status.Level is "error" or "warning")
            PassOver($"the bridge says: {status.Words}");
    }

    private void TakeState(
        WebSocketConnection from,
        RosJoints joints,
        RosStamps[] stamps,
        RosReceived received,
        long arrivedNs
    )
    {
        if (!received.HasMessage)
        {
            PassOver($"a message of {received.Topic} is no JSON object");
            return;
        }

        // Several entries may read one topic.
        for (var i = 0; i < _ros.States.Count; i++)
        {
            var state = _ros.States[i];
            if (state.Topic != received.Topic)
                continue;
            var lists = RosJoints.Look(received.Message, out var stampNs, out var problem);
            problem ??= joints.Take(state, lists, stamps[i].AtNs(stampNs, arrivedNs));
            Remark = stamps.FirstOrDefault(one => one.Remark is not null)?.Remark;
            if (problem is not null)
                PassOver(problem);
            else if (joints.AtNs is { } atNs)
                Hear(from, atNs, joints.Values);
        }
    }
}
