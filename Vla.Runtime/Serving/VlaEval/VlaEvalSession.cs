using System.Buffers;
using System.Globalization;
using System.Net.WebSockets;
using MessagePack;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Actors.Telemetry;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving.VlaEval;

/// <summary>
/// One client of vla-eval's protocol: for each observation one action, with the observation's number, out of the chunk
/// that is being carried out; a new episode begins with a new chunk.
/// </summary>
/// <remarks>allenai/vla-evaluation-harness, <c>src/vla_eval/protocol</c> and <c>model_servers/serve.py</c>.</remarks>
internal sealed class VlaEvalSession(WebSocket socket, ServingContext context, string client)
    : PlacedSession(socket, context, client)
{
    private const int ProtocolVersion = 1;

    private readonly ArrayBufferWriter<byte> _answer = new();
    private readonly ActionQueue _queue = context.Queue();
    private long _episodes;
    private long _answered;

    private delegate void Payload(ref MessagePackWriter writer);

    /// <summary>In words, for the log.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{_answered} observations of {_episodes} episodes answered, {Refused} refused"
        );

    protected override async Task<string> RunAsync(ServedPolicy policy, CancellationToken ends)
    {
        while (await Messages.ReceiveAsync(ends) is { } message)
            await HandleAsync(policy, message, ends);
        return Messages.Ending;
    }

    private async Task HandleAsync(ServedPolicy policy, ReadOnlyMemory<byte> message, CancellationToken ends)
    {
        var sequence = 0L;
        try
        {
            var map = WireReader.Read(message);
            sequence = (long)(map.FindNumber("seq") ?? throw new WireException("the message has no number (seq)"));
            var payload = map.Below("payload/");
            switch (map.FindText("type"))
            {
                case "hello":
                    await SendAsync("hello", sequence, Hello, ends);
                    break;
                case "episode_start":
                    _queue.Clear();
                    _episodes++;
                    break;
                case "episode_end":
                    _queue.Clear();
                    break;
                case "error":
                    Refuse(payload.FindText("error") ?? "an error");
                    break;
                case "observation":
                    await Context.MeasureAsync(() => ActAsync(policy, payload, sequence, ends));
                    _answered++;
                    break;
                case var other:
                    throw new WireException($"the message's type is '{OneLine.Of(other ?? "", 100)}'");
            }
        }
        catch (Exception e) when (e is WireException or PolicyException)
        {
            var refusal = OneLine.Of(e.Message, ServingContext.LongestReason);
            Refuse(refusal);
            _queue.Clear();
            await SendAsync(
                "error",
                sequence,
                (ref MessagePackWriter writer) =>
                {
                    writer.WriteMapHeader(1);
                    writer.Write("error");
                    writer.Write(refusal);
                },
                ends
            );
        }
    }

    private async Task ActAsync(ServedPolicy policy, WireMap seen, long sequence, CancellationToken ends)
    {
        if (_queue.IsEmpty)
            _queue.Fill(await policy.InferAsync(Reader, seen, ends));

        await SendAsync(
            "action",
            sequence,
            (ref MessagePackWriter writer) =>
            {
                var action = _queue.Next();
                writer.WriteMapHeader(1);
                writer.Write("actions");
                VlaEvalArrays.Write(ref writer, action);
            },
            ends
        );
    }

    private void Hello(ref MessagePackWriter writer)
    {
        writer.WriteMapHeader(5);
        writer.Write("harness_version");
        writer.Write(PipelineTelemetry.Version ?? "0");
        writer.Write("protocol_version");
        writer.Write(ProtocolVersion);
        writer.Write("model_server");
        writer.Write($"vla {Context.Policy.Info.Name}");
        writer.Write("capabilities");
        writer.WriteMapHeader(0);
        // What the benchmark is to send besides its first picture.
        writer.Write("observation_params");
        var pictures = Context.Layout.Pictures?.Count ?? 1;
        writer.WriteMapHeader(2);
        writer.Write("send_wrist_image");
        writer.Write(pictures > 1);
        writer.Write("send_state");
        writer.Write(Context.Policy.State.Dimensions > 0);
    }

    private Task SendAsync(string type, long sequence, Payload payload, CancellationToken ends)
    {
        _answer.ResetWrittenCount();
        var writer = new MessagePackWriter(_answer);
        writer.WriteMapHeader(4);
        writer.Write("type");
        writer.Write(type);
        writer.Write("payload");
        payload(ref writer);
        writer.Write("seq");
        writer.Write(sequence);
        writer.Write("timestamp");
        writer.Write(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1e3);
        writer.Flush();
        return Messages.SendAsync(_answer.WrittenMemory, WebSocketMessageType.Binary, ends);
    }
}
