using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using MessagePack;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving;

/// <summary>One client of openpi's protocol: what the policy is, then an answer to each observation.</summary>
/// <remarks>
/// What is wrong with an observation is answered with a text, as openpi's server does, in one line and not as a
/// traceback; and the connection stays, which openpi's server ends. One observation at a time; nothing queues up here.
/// </remarks>
/// <param name="socket">The client's.</param>
/// <param name="context">What is served.</param>
/// <param name="reader">Finds in messages what the policy wants; this client's alone.</param>
/// <param name="time">The clock.</param>
internal sealed class OpenPiSession(
    WebSocket socket,
    ServingContext context,
    ObservationReader reader,
    TimeProvider time
)
{
    private const int FirstBuffer = 64 * 1024;
    private const int LongestError = 2_000;

    /// <summary>RFC 6455's registry: come again later.</summary>
    private const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;

    private readonly ArrayBufferWriter<byte> _answer = new(FirstBuffer);
    private byte[] _buffer = new byte[FirstBuffer];
    private TimeSpan? _previous;

    /// <summary>Observations that were answered with actions.</summary>
    public long Answered { get; private set; }

    /// <summary>Observations that were answered with an error.</summary>
    public long Refused { get; private set; }

    /// <summary>What the client is called in the log.</summary>
    public string Client { get; init; } = "client";

    private SessionLimits Limits => context.Limits;

    /// <summary>Says that there is no place, and ends.</summary>
    public async Task TurnAwayAsync(string why, CancellationToken ends)
    {
        await SendErrorAsync(why, ends);
        await socket.CloseOutputAsync(TryAgainLater, "no place", ends);
    }

    /// <summary>Serves until the client goes, or sends what cannot be gone on after.</summary>
    /// <returns>Why it ended, for the log.</returns>
    public async Task<string> RunAsync(ServedPolicy policy, CancellationToken ends)
    {
        var pace = new RequestPace(Limits.RequestsPerSecond, time);
        _answer.ResetWrittenCount();
        WriteMetadata(policy);
        await SendAsync(_answer.WrittenMemory, WebSocketMessageType.Binary, ends);
        while (true)
        {
            if (pace.Next() is var wait && wait > TimeSpan.Zero)
                await Task.Delay(wait, time, ends);
            var (type, length) = await ReceiveAsync(ends);
            if (length < 0)
            {
                await SendErrorAsync($"an observation may have {Limits.LargestMessage >> 20} MiB at most", ends);
                await socket.CloseOutputAsync(WebSocketCloseStatus.MessageTooBig, "too large", ends);
                return "sent too large a message";
            }

            if (type == WebSocketMessageType.Close)
            {
                if (socket.State == WebSocketState.CloseReceived)
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", ends);
                return "closed by the client";
            }

            var began = Stopwatch.GetTimestamp();
            var span = context.Metrics.Begin(context.Protocol.Name);
            string? refusal = null;
            try
            {
                if (type == WebSocketMessageType.Text)
                    throw new WireException("send an observation as MessagePack in a binary message, not as text");
                await AnswerAsync(policy, length, began, ends);
                Answered++;
            }
            catch (Exception e) when (e is WireException or PolicyException)
            {
                refusal = e.Message;
                Refused++;
                context.Log.Refused(Client, Refused, OneLine.Of(refusal));
                await SendErrorAsync(refusal, ends);
            }

            _previous = Stopwatch.GetElapsedTime(began);
            context.Metrics.End(context.Protocol.Name, _previous.Value, refusal, span);
        }
    }

    private async Task AnswerAsync(ServedPolicy policy, int length, long began, CancellationToken ends)
    {
        reader.Take(WireReader.Read(_buffer.AsMemory(0, length)), out var words);
        var inferred = await policy.InferAsync(reader, words, ends);
        _answer.ResetWrittenCount();
        Write(inferred, policy.Policy.Action.Dimensions, Stopwatch.GetElapsedTime(began));
        await SendAsync(_answer.WrittenMemory, WebSocketMessageType.Binary, ends);
    }

    private void WriteMetadata(ServedPolicy policy)
    {
        var writer = new MessagePackWriter(_answer);
        ServerDescription.Of(policy.Policy).Write(ref writer);
        writer.Flush();
    }

    private void Write(Inferred inferred, int dimensions, TimeSpan took)
    {
        var values = inferred.Values(dimensions);
        var writer = new MessagePackWriter(_answer);
        writer.WriteMapHeader(2);
        writer.Write("actions");
        WireWriter.WriteFloats(ref writer, values, inferred.Chunk.Horizon, dimensions);
        writer.Write("server_timing");
        writer.WriteMapHeader(_previous is null ? 1 : 2);
        writer.Write("infer_ms");
        writer.Write(took.TotalMilliseconds);
        if (_previous is { } previous)
        {
            writer.Write("prev_total_ms");
            writer.Write(previous.TotalMilliseconds);
        }

        writer.Flush();
    }

    /// <returns>A length below 0 for a message that is too large.</returns>
    private async Task<(WebSocketMessageType Type, int Length)> ReceiveAsync(CancellationToken ends)
    {
        var length = 0;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ends);
        while (true)
        {
            if (length == _buffer.Length)
            {
                if (length >= Limits.LargestMessage)
                    return (WebSocketMessageType.Binary, -1);
                Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, Limits.LargestMessage));
            }

            var part = await socket.ReceiveAsync(_buffer.AsMemory(length), limit.Token);
            length += part.Count;
            if (part.EndOfMessage)
                return (part.MessageType, length);
            // A client may think for as long as it likes; what it has begun to say it has to end.
            if (length == part.Count)
                limit.CancelAfter(Limits.LongestMessageTime);
        }
    }

    private async Task SendErrorAsync(string why, CancellationToken ends)
    {
        var text = why.Length > LongestError ? why[..LongestError] : why;
        await SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, ends);
    }

    private async Task SendAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type, CancellationToken ends)
    {
        // Whoever does not read is gone.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ends);
        limit.CancelAfter(Limits.LongestMessageTime);
        await socket.SendAsync(message, type, endOfMessage: true, limit.Token);
    }

    /// <summary>In words, for the log.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Answered} observations answered, {Refused} refused");
}

/// <summary>What one client may send.</summary>
internal sealed record SessionLimits
{
    /// <summary>Largest observation, bytes: ten cameras of full HD.</summary>
    public int LargestMessage { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long a message may take from its first part to its last.</summary>
    public TimeSpan LongestMessageTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a request waits for a policy that is free.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Observations a second; who sends more is answered later.</summary>
    public double RequestsPerSecond { get; init; } = 2_000;
}
