using System.Net.WebSockets;
using System.Text;
using MessagePack;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Tests.Actors.Policies.Remote;

namespace Vla.Tests.Runtime.Serving;

/// <summary>A client that sends whatever a test likes.</summary>
internal sealed class WireClient : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[1 << 20];

    public WebSocketCloseStatus? Closed => _socket.CloseStatus;

    public WireMap Metadata { get; private set; } = new();

    /// <param name="address">The server's.</param>
    /// <param name="authorization">The header; null for none.</param>
    /// <param name="greets">Whether the server says something first, as openpi's does.</param>
    public static async Task<WireClient> ConnectAsync(Uri address, string? authorization = null, bool greets = true)
    {
        var client = new WireClient();
        if (authorization is not null)
            client._socket.Options.SetRequestHeader("Authorization", authorization);
        await client._socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/any" }.Uri, default);
        if (greets && await client.ReceiveAsync() is byte[] metadata)
            client.Metadata = WireReader.Read(metadata);
        return client;
    }

    /// <returns>Bytes, a text, or null when the connection was closed.</returns>
    public async Task<object?> AskAsync(byte[] message, WebSocketMessageType type = WebSocketMessageType.Binary)
    {
        await _socket.SendAsync(message, type, endOfMessage: true, default);
        return await ReceiveAsync();
    }

    public async Task<object?> ReceiveAsync()
    {
        var length = 0;
        while (true)
        {
            var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), default);
            length += part.Count;
            if (!part.EndOfMessage)
                continue;
            return part.MessageType switch
            {
                WebSocketMessageType.Close => null,
                WebSocketMessageType.Text => Encoding.UTF8.GetString(_buffer, 0, length),
                _ => _buffer[..length],
            };
        }
    }

    /// <summary>An observation of the tabletop, as its features are called.</summary>
    /// <param name="size">Of the picture.</param>
    /// <param name="state">How many numbers.</param>
    /// <param name="words">Null for none.</param>
    /// <param name="value">Of each number of the state.</param>
    public static byte[] Observation(
        int size = 160,
        int state = 7,
        string? words = "pick up the red block",
        float value = 0
    ) =>
        WireBytesTests.Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(words is null ? 2 : 3);
                to.Write("observation.images.front");
                WireWriter.WritePicture(ref to, new float[size * size * 3], size, size, channelsFirst: false);
                to.Write("observation.state");
                WireWriter.WriteFloats(ref to, Enumerable.Repeat(value, state).ToArray(), state);
                if (words is null)
                    return;
                to.Write("prompt");
                to.Write(words);
            }
        );

    public void Dispose() => _socket.Dispose();
}
