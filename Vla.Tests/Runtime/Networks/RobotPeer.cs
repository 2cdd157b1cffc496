using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Vla.Tests.Actors.Policies.Remote.OpenPi;

namespace Vla.Tests.Runtime.Networks;

/// <summary>A robot behind a WebSocket that says what a test wants, and keeps what it is told.</summary>
internal sealed class RobotPeer : IDisposable
{
    private readonly FakePolicyServer _server;
    private readonly BlockingCollection<JsonElement> _told = [];
    private readonly BlockingCollection<WebSocket> _connections = [];
    private readonly string _first;
    private volatile WebSocket? _newest;

    /// <param name="first">What it says to each connection; empty for nothing.</param>
    /// <param name="reads">Whether it reads what it is told.</param>
    /// <param name="refusal">The first line of what is answered instead of opening a WebSocket.</param>
    public RobotPeer(string first = """{"values": {"gripper": 0.25}}""", bool reads = true, string? refusal = null)
    {
        _first = first;
        _server = new FakePolicyServer((socket, ends) => ServeAsync(socket, reads, ends), refusal);
    }

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public int Port => _server.Port;

    public int Connections => _server.Connections;

    /// <summary>Whether a connection was closed in good order, after all that was told.</summary>
    public TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The next connection, once it has been made.</summary>
    public WebSocket NextConnection() => Take(_connections);

    /// <summary>The next message that it was told.</summary>
    public JsonElement NextTold() => Take(_told);

    /// <summary>Says something to whoever is connected; to nobody, where nobody is.</summary>
    public void Say(string text)
    {
        if (_newest is { } connection)
            Say(connection, text);
    }

    /// <summary>What it was told since it was last asked.</summary>
    public IEnumerable<JsonElement> Drain()
    {
        while (_connections.TryTake(out _)) { }
        while (_told.TryTake(out var told))
            yield return told;
    }

    /// <summary>Says something, where the connection is still there.</summary>
    public static void Say(WebSocket connection, string text)
    {
        try
        {
            SayAsync(connection, text).Wait(Patience);
        }
        catch (AggregateException)
        {
            // It is gone: whoever it was connects anew.
        }
    }

    /// <summary>Says something to one connection.</summary>
    public static Task SayAsync(WebSocket connection, string text) =>
        connection.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    public void Dispose()
    {
        _server.Dispose();
        _told.Dispose();
        _connections.Dispose();
    }

    private static T Take<T>(BlockingCollection<T> from) =>
        from.TryTake(out var item, Patience) ? item : throw new TimeoutException("it has not come");

    private async Task ServeAsync(WebSocket socket, bool reads, CancellationToken ends)
    {
        if (_first.Length > 0)
            await SayAsync(socket, _first);
        _newest = socket;
        _connections.Add(socket, ends);
        if (!reads)
        {
            await new TaskCompletionSource().Task.WaitAsync(ends);
            return;
        }

        var buffer = new byte[1 << 16];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), ends);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                Closed.TrySetResult();
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", ends);
                return;
            }

            _told.Add(JsonSerializer.Deserialize<JsonElement>(buffer.AsSpan(0, part.Count)), ends);
        }
    }
}
