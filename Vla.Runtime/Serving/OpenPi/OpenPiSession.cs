using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using MessagePack;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Runtime.Serving.OpenPi;

/// <summary>One client of openpi's protocol: what the policy is, then an answer to each observation.</summary>
/// <remarks>
/// What is wrong with an observation is answered with a text, as openpi's server does, in one line and not as a
/// traceback; and the connection stays, which openpi's server ends. One observation at a time; nothing queues up here.
/// </remarks>
internal sealed class OpenPiSession : PlacedSession
{
    private readonly ArrayBufferWriter<byte> _answer = new(64 * 1024);
    private long _answered;
    private TimeSpan? _previous;

    public OpenPiSession(WebSocket socket, ServingContext context, string client)
        : base(socket, context, client) =>
        Messages.TooLarge = $"an observation may have {context.Limits.LargestMessage >> 20} MiB at most";

    protected override Task SayNoPlaceAsync(CancellationToken ends) => SendErrorAsync(Context.NoPlace, ends);

    protected override async Task<string> RunAsync(ServedPolicy policy, CancellationToken ends)
    {
        _answer.ResetWrittenCount();
        WriteMetadata(policy);
        await Messages.SendAsync(_answer.WrittenMemory, WebSocketMessageType.Binary, ends);
        while (await Messages.ReceiveAsync(ends) is { } message)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                await Context.MeasureAsync(() => AnswerAsync(policy, message, began, ends));
                _answered++;
            }
            catch (Exception e) when (e is WireException or PolicyException)
            {
                Refuse(e.Message);
                await SendErrorAsync(e.Message, ends);
            }

            _previous = Stopwatch.GetElapsedTime(began);
        }

        return Messages.Ending;
    }

    private async Task AnswerAsync(
        ServedPolicy policy,
        ReadOnlyMemory<byte> message,
        long began,
        CancellationToken ends
    )
    {
        if (Messages.IsText)
            throw new WireException("send an observation as MessagePack in a binary message, not as text");
        var inferred = await policy.InferAsync(Reader, WireReader.Read(message), ends);
        _answer.ResetWrittenCount();
        Write(inferred, policy.Policy.Action.Dimensions, Stopwatch.GetElapsedTime(began));
        await Messages.SendAsync(_answer.WrittenMemory, WebSocketMessageType.Binary, ends);
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

    private Task SendErrorAsync(string why, CancellationToken ends)
    {
        var text = why.Length > ServingContext.LongestReason ? why[..ServingContext.LongestReason] : why;
        return Messages.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, ends);
    }

    /// <summary>In words, for the log.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{_answered} observations answered, {Refused} refused");
}
