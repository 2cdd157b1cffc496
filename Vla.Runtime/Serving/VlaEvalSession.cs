using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using MessagePack;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Actors.Telemetry;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving;

/// <summary>
/// One client of vla-eval's protocol: for each observation one action, with the observation's number, out of the chunk
/// that is being carried out; a new episode begins with a new chunk.
/// </summary>
/// <remarks>allenai/vla-evaluation-harness, <c>src/vla_eval/protocol</c> and <c>model_servers/serve.py</c>.</remarks>
internal sealed class VlaEvalSession(WebSocket socket, ServingContext context, ObservationReader reader, string client)
{
    private const int ProtocolVersion = 1;
    private const int LongestError = 2_000;

    private readonly SocketMessages _messages = new(socket, context.Limits);
    private readonly ArrayBufferWriter<byte> _answer = new();
    private readonly ActionQueue _queue = new(
        context.Layout.Execute ?? context.Policy.Action.Execution.Execute ?? 1,
        context.Policy.Action.Dimensions
    );
    private long _episodes;
    private long _answered;
    private long _refused;

    private delegate void Payload(ref MessagePackWriter writer);

    /// <summary>Serves until the client goes, or sends what cannot be gone on after.</summary>
    /// <returns>Why it ended, for the log.</returns>
    public async Task<string> RunAsync(ServedPolicy policy, CancellationToken ends)
    {
        var pace = new RequestPace(context.Limits.RequestsPerSecond, TimeProvider.System);
        while (true)
        {
            if (pace.Next() is var wait && wait > TimeSpan.Zero)
                await Task.Delay(wait, ends);
            if (await _messages.ReceiveAsync(ends) is not { } message)
                return _messages.Ending;
            await HandleAsync(policy, message, ends);
        }
    }

    /// <summary>In words, for the log.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{_answered} observations of {_episodes} episodes answered, {_refused} refused"
        );

    private async Task HandleAsync(ServedPolicy policy, ReadOnlyMemory<byte> message, CancellationToken ends)
    {
        var began = Stopwatch.GetTimestamp();
        var span = (Activity?)null;
        string? refusal = null;
        var (sequence, isObservation) = (0L, false);
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
                    context.Log.Refused(client, ++_refused, OneLine.Of(payload.FindText("error") ?? "an error"));
                    break;
                case "observation":
                    isObservation = true;
                    span = context.Metrics.Begin(context.Protocol.Name);
                    await ActAsync(policy, payload, sequence, ends);
                    _answered++;
                    break;
                case var other:
                    throw new WireException($"the message's type is '{OneLine.Of(other ?? "", 100)}'");
            }
        }
        catch (Exception e) when (e is WireException or PolicyException)
        {
            refusal = OneLine.Of(e.Message, LongestError);
            context.Log.Refused(client, ++_refused, OneLine.Of(refusal));
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

        if (isObservation)
            context.Metrics.End(context.Protocol.Name, Stopwatch.GetElapsedTime(began), refusal, span);
    }

    private async Task ActAsync(ServedPolicy policy, WireMap seen, long sequence, CancellationToken ends)
    {
        if (_queue.IsEmpty)
        {
            reader.Take(seen, out var words);
            _queue.Fill(await policy.InferAsync(reader, words, ends));
        }

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
        writer.Write($"vla {context.Policy.Info.Name}");
        writer.Write("capabilities");
        writer.WriteMapHeader(0);
        // What the benchmark is to send besides its first picture.
        writer.Write("observation_params");
        var pictures = context.Layout.Pictures?.Count ?? 1;
        writer.WriteMapHeader(2);
        writer.Write("send_wrist_image");
        writer.Write(pictures > 1);
        writer.Write("send_state");
        writer.Write(context.Policy.State.Dimensions > 0);
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
        return _messages.SendAsync(_answer.WrittenMemory, WebSocketMessageType.Binary, ends);
    }
}
