using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using Vla.Tests.Actors.Policies.Remote.OpenPi;

namespace Vla.Tests.Runtime.Networks.Ros;

/// <summary>A rosbridge that answers questions, and otherwise says what a test wants.</summary>
internal sealed class BridgePeer : IDisposable
{
    private readonly FakePolicyServer _server;
    private readonly BlockingCollection<JsonElement> _told = [];
    private readonly BlockingCollection<WebSocket> _connections = [];
    private readonly Func<JsonElement, string?> _answer;
    private readonly string? _before;
    private volatile WebSocket? _newest;

    /// <param name="answer">What it says to each operation, one message; null for what a bridge does.</param>
    /// <param name="before">What it says before whatever it answers; null for nothing.</param>
    public BridgePeer(Func<JsonElement, string?>? answer = null, string? before = null)
    {
        _before = before;
        _answer = operation => answer?.Invoke(operation) ?? Usual(operation);
        _server = new FakePolicyServer(ServeAsync);
    }

    public int Port => _server.Port;

    public WebSocket NextConnection() => Take(_connections);

    public JsonElement NextTold() => Take(_told);

    /// <summary>The next message that was published to a topic.</summary>
    public JsonElement NextPublished(string topic)
    {
        while (true)
        {
            var told = NextTold();
            if (told.GetProperty("op").GetString() == "publish" && told.GetProperty("topic").GetString() == topic)
                return told.GetProperty("msg");
        }
    }

    /// <summary>Says something to whoever is connected; to nobody, where nobody is.</summary>
    public void Say(string text)
    {
        if (_newest is { } connection)
            RobotPeer.Say(connection, text);
    }

    /// <summary>The whole actions that were published since it was last asked.</summary>
    public IEnumerable<JsonElement> DrainActions()
    {
        while (_connections.TryTake(out _)) { }
        while (_told.TryTake(out var told))
        {
            if (
                told.TryGetProperty("topic", out var topic)
                && topic.GetString() == "/vla/action"
                && told.TryGetProperty("msg", out var message)
            )
                yield return JsonSerializer.Deserialize<JsonElement>(message.GetProperty("data").GetString()!);
        }
    }

    public static string Joints(string names, string positions, string header = """{"stamp": {"sec": 0}}""") =>
        $$"""
            {"op": "publish", "topic": "/joint_states", "msg":
             {"header": {{header}}, "name": {{names}}, "position": {{positions}}, "velocity": [], "effort": []} }
            """;

    public void Dispose()
    {
        _server.Dispose();
        _told.Dispose();
        _connections.Dispose();
    }

    private static string? Usual(JsonElement operation) =>
        operation.GetProperty("op").GetString() == "call_service"
            ? $$"""{"op": "service_response", "id": {{operation.GetProperty("id").GetRawText()}}, "result": false}"""
            : null;

    private static T Take<T>(BlockingCollection<T> from) =>
        from.TryTake(out var item, RobotPeer.Patience) ? item : throw new TimeoutException("it has not come");

    private async Task ServeAsync(WebSocket socket, CancellationToken ends)
    {
        _newest = socket;
        _connections.Add(socket, ends);
        var buffer = new byte[1 << 16];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), ends);
            if (part.MessageType == WebSocketMessageType.Close)
                return;
            var told = JsonSerializer.Deserialize<JsonElement>(buffer.AsSpan(0, part.Count));
            _told.Add(told, ends);
            if (_answer(told) is not { } answer)
                continue;
            if (_before is not null)
                await RobotPeer.SayAsync(socket, _before);
            await RobotPeer.SayAsync(socket, answer);
        }
    }
}
