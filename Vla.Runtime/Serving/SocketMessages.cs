using System.Net.WebSockets;

namespace Vla.Runtime.Serving;

/// <summary>Whole messages over a client's WebSocket, as large and as slow as they may be and no more.</summary>
/// <param name="socket">The client's.</param>
/// <param name="limits">How much it may send.</param>
internal sealed class SocketMessages(WebSocket socket, SessionLimits limits)
{
    private const int FirstBuffer = 64 * 1024;

    private byte[] _buffer = new byte[FirstBuffer];

    /// <summary>Why there is no further message, for the log.</summary>
    public string Ending { get; private set; } = "";

    /// <summary>The next message, there until the one after it; null when there is none, and the socket is
    /// closed.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken ends)
    {
        var length = 0;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ends);
        while (true)
        {
            if (length == _buffer.Length)
            {
                if (length >= limits.LargestMessage)
                {
                    Ending = "sent too large a message";
                    await socket.CloseOutputAsync(WebSocketCloseStatus.MessageTooBig, "too large", ends);
                    return null;
                }

                Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, limits.LargestMessage));
            }

            var part = await socket.ReceiveAsync(_buffer.AsMemory(length), limit.Token);
            length += part.Count;
            if (part.MessageType == WebSocketMessageType.Close)
            {
                Ending = "closed by the client";
                if (socket.State == WebSocketState.CloseReceived)
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", ends);
                return null;
            }

            if (part.EndOfMessage)
                return _buffer.AsMemory(0, length);
            // A client may think for as long as it likes; what it has begun to say it has to end.
            if (length == part.Count)
                limit.CancelAfter(limits.LongestMessageTime);
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type, CancellationToken ends)
    {
        // Whoever does not read is gone.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ends);
        limit.CancelAfter(limits.LongestMessageTime);
        await socket.SendAsync(message, type, endOfMessage: true, limit.Token);
    }
}
