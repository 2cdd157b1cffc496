using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Networks.WebSockets;

/// <summary>
/// A robot that takes each action as a JSON text over a WebSocket (<see cref="ActionJson"/>) and says where it is by
/// another (<see cref="StateJson"/>): <c>--robot ws://HOST:PORT/PATH?profile=FILE</c>.
/// </summary>
internal sealed class WebSocketRobot : NetworkRobot
{
    private readonly ActionJson _actions;

    /// <param name="address">Where it listens.</param>
    /// <param name="profile">What it is told.</param>
    /// <param name="tells">What it tells.</param>
    /// <param name="time">The clock.</param>
    public WebSocketRobot(NetworkAddress address, RobotProfile profile, RobotTells tells, TimeProvider time)
        : base(address, profile, tells, NetworkOption.Number(address[NetworkOption.Rate] ?? "") ?? 0, time) =>
        _actions = new ActionJson(profile);

    public override void Dispose()
    {
        base.Dispose();
        _actions.Dispose();
    }

    protected override NetworkConnection Open(CancellationToken cancellation)
    {
        // Of this connection alone: what an earlier one still hands over does not meet it.
        var (state, times) = (new StateJson(StateNames), new StateTimes(Time.NowNs()));
        return WebSocketConnection.Open(
            Address,
            "the robot",
            (from, message, arrivedNs) => Receive(from, state, times, message, arrivedNs),
            StateJson.Longest,
            Time,
            cancellation
        );
    }

    protected override void Send(NetworkConnection connection, PublishedAction action)
    {
        var line = _actions.Write(action);
        ((WebSocketConnection)connection).Send(line[..^1], LongestSend);
    }

    private void Receive(
        WebSocketConnection from,
        StateJson state,
        StateTimes times,
        ReadOnlySpan<byte> message,
        long arrivedNs
    )
    {
        if (StateNames.Count == 0)
            return;
        if (state.Read(message) is { } problem)
            PassOver(problem);
        else if (!times.IsNews(state.Sequence))
            PassOver("a message whose sequence is not above the one before it was passed over");
        else
            Hear(from, times.AtNs(arrivedNs, state.ClockSeconds, state.AgeNs), state.Values);
    }
}
