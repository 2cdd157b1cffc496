using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using MessagePack;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Tests.Actors.Policies.Remote.OpenPi;

/// <summary>A policy server that does what a test wants, the wrong things above all.</summary>
internal sealed class FakePolicyServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ends = new();
    private readonly Func<WebSocket, CancellationToken, Task> _serve;
    private readonly string? _refusal;
    private int _connections;

    /// <param name="serve">What is done with each connection that has become a WebSocket.</param>
    /// <param name="refusal">The first line of what is answered instead of opening one; null to open it.</param>
    public FakePolicyServer(Func<WebSocket, CancellationToken, Task> serve, string? refusal = null)
    {
        (_serve, _refusal) = (serve, refusal);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many have come.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Metadata, then what is given for each observation: null for nothing, a string for a text.</summary>
    public static FakePolicyServer Answering(Func<WireMap, object?> answer, byte[]? metadata = null) =>
        new(
            async (socket, ends) =>
            {
                await SendAsync(socket, metadata ?? [0x80], ends);
                var buffer = new byte[1 << 22];
                while (true)
                {
                    var length = 0;
                    ValueWebSocketReceiveResult part;
                    do
                    {
                        part = await socket.ReceiveAsync(buffer.AsMemory(length), ends);
                        length += part.Count;
                    } while (!part.EndOfMessage);

                    if (part.MessageType == WebSocketMessageType.Close)
                        return;
                    if (answer(WireReader.Read(buffer.AsMemory(0, length))) is { } given)
                        await SendAsync(socket, given, ends);
                }
            }
        );

    /// <summary>A chunk as openpi's server answers it.</summary>
    public static byte[] Chunk(int horizon, int dimensions, float value = 0, double? inferMs = null) =>
        WireBytesTests.Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(inferMs is null ? 1 : 2);
                to.Write("actions");
                WireWriter.WriteFloats(
                    ref to,
                    [.. Enumerable.Repeat(value, horizon * dimensions)],
                    horizon,
                    dimensions
                );
                if (inferMs is not { } ms)
                    return;
                to.Write("server_timing");
                to.WriteMapHeader(1);
                to.Write("infer_ms");
                to.Write(ms);
            }
        );

    public static Task SendAsync(WebSocket socket, object message, CancellationToken ends) =>
        message is string text
            ? socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, ends)
            : socket.SendAsync((byte[])message, WebSocketMessageType.Binary, true, ends);

    public void Dispose()
    {
        _ends.Cancel();
        _listener.Stop();
        _ends.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _connections);
            _ = ServeAsync(client, _ends.Token);
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken ends)
    {
        using var connection = client;
        var stream = client.GetStream();
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, ends);
            head.Append((char)one[0]);
        }

        if (_refusal is not null)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {_refusal}\r\nContent-Length: 0\r\n\r\n"), ends);
            return;
        }

        var key = head.ToString()
            .Split("\r\n")
            .Single(line => line.StartsWith("Sec-WebSocket-Key: ", StringComparison.OrdinalIgnoreCase))[
            "Sec-WebSocket-Key: ".Length..
        ];
        // RFC 6455, 4.2.2: no secret hangs on it.
#pragma warning disable CA5350
        var accept = Convert.ToBase64String(
            SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
        );
#pragma warning restore CA5350
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + $"Sec-WebSocket-Accept: {accept}\r\n\r\n"
            ),
            ends
        );
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
        try
        {
            await _serve(socket, ends);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The client is gone, or the test is over.
        }
    }
}
