using System.Net.WebSockets;
using System.Text;

namespace Vla.Runtime.Serving;

/// <summary>Whole messages over a client's WebSocket, as large, as slow and as many as they may be.</summary>
/// <param name="socket">The client's.</param>
/// <param name="limits">How much it may send.</param>
internal sealed class SocketMessages(WebSocket socket, SessionLimits limits)
{
    private const int FirstBuffer = 64 * 1024;

    private readonly RequestPace _pace = new(limits.RequestsPerSecond, TimeProvider.System);
    private byte[] _buffer = new byte[FirstBuffer];

    /// <summary>Why there is no further message, for the log.</summary>
    public string Ending { get; private set; } = "";

    /// <summary>What whoever sends too large a message is told in a text before the socket is closed; empty for
    /// nothing.</summary>
    public string TooLarge { get; set; } = "";

    /// <summary>Whether the last message was a text.</summary>
    public bool IsText { get; private set; }

    /// <summary>The next message, there until the one after it; null when there is none, and the socket is
    /// closed.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken ends)
    {
        if (_pace.Next() is var wait && wait > TimeSpan.Zero)
            await Task.Delay(wait, ends);
        var length = 0;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ends);
        while (true)
        {
            if (length == _buffer.Length)
            {
                if (length >= limits.LargestMessage)
                {
                    Ending = "sent too large a message";
                    if (TooLarge.Length > 0)
                        await SendAsync(Encoding.UTF8.GetBytes(TooLarge), WebSocketMessageType.Text, ends);
                    await CloseAsync(WebSocketCloseStatus.MessageTooBig, "too large", ends);
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
                    await CloseAsync(WebSocketCloseStatus.NormalClosure, "", ends);
                return null;
            }

            IsText = part.MessageType == WebSocketMessageType.Text;
            if (part.EndOfMessage)
                return _buffer.AsMemory(0, length);
            // A client may think for as long as it likes; what it has begun to say it has to end.
            if (length == part.Count)
                limit.CancelAfter(limits.LongestMessageTime);
        }
    }

    /// <summary>The last word; what the client still sends is not read.</summary>
    public Task CloseAsync(WebSocketCloseStatus status, string why, CancellationToken ends) =>
        socket.CloseOutputAsync(status, why, ends);

    public async Task SendAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type, CancellationToken ends)
    {
        // Whoever does not read is gone.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ends);
        limit.CancelAfter(limits.LongestMessageTime);
        await socket.SendAsync(message, type, endOfMessage: true, limit.Token);
    }
}
