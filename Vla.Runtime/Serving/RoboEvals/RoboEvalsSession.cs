using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving.RoboEvals;

/// <summary>One client of robo-evals' protocol over a WebSocket, and so one evaluation.</summary>
/// <param name="socket">The client's.</param>
/// <param name="context">What is served.</param>
/// <param name="client">What it is called in the log.</param>
/// <param name="observations">Answers them; a place is taken for each, and not for the client.</param>
/// <param name="info">What the server says of itself, an object.</param>
internal sealed class RoboEvalsSession(
    WebSocket socket,
    ServingContext context,
    string client,
    SingleObservations observations,
    string info
) : SocketSession(socket, context, client)
{
    private readonly RoboEvalsRun _run = new(context, client, observations);
    private long _answered;

    public override async Task<string?> RunAsync(CancellationToken ends)
    {
        Came();
        while (await Messages.ReceiveAsync(ends) is { } message)
        {
            await Messages.SendAsync(await AnswerAsync(message, ends), WebSocketMessageType.Text, ends);
            _answered++;
        }

        return Messages.Ending;
    }

    public override void Dispose() => _run.Dispose();

    /// <summary>In words, for the log.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_answered} messages answered");

    private async Task<byte[]> AnswerAsync(ReadOnlyMemory<byte> message, CancellationToken ends)
    {
        try
        {
            var map = WireJson.Read(message);
            return map.FindText("type") switch
            {
                "reset" => _run.Reset(map, type: "ok"),
                "act" => Typed("action", await _run.ActAsync(map, ends)),
                "info" => Typed("info", Encoding.UTF8.GetBytes(info)),
                var other => throw new WireException($"the message's type is '{OneLine.Of(other ?? "", 100)}'"),
            };
        }
        catch (Exception e) when (e is WireException or PolicyException)
        {
            Refuse(e.Message);
            var why = JsonSerializer.Serialize(OneLine.Of(e.Message, ServingContext.LongestReason));
            return Encoding.UTF8.GetBytes($"{{\"type\": \"error\", \"message\": {why}}}");
        }
    }

    // An object with its type in front.
    private static byte[] Typed(string type, byte[] json) =>
        [.. Encoding.UTF8.GetBytes($"{{\"type\": \"{type}\", "), .. json.AsSpan(1)];
}
