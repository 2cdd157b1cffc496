using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using MessagePack;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Runtime.Serving;
using Vla.Tests.Actors.Policies.Remote;

namespace Vla.Tests.Runtime.Serving;

/// <summary>A real policy behind the protocols of programs that judge policies, asked by hand.</summary>
public sealed class EvaluationServerTests
{
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static readonly JsonObject Seen = new()
    {
        ["image"] = new JsonObject
        {
            ["__ndarray__"] = Convert.ToBase64String(new byte[32 * 32 * 3]),
            ["dtype"] = "uint8",
            ["shape"] = new JsonArray(32, 32, 3),
        },
        ["state"] = new JsonArray(0, 0, 0, 0, 0, 0, 0),
    };

    [Fact]
    public async Task RoboEvals_over_HTTP_is_answered_an_action_for_each_observation()
    {
        await using var server = await ServedTabletop.StartAsync(ServedTabletop.Options("robo-evals"));
        using var http = new HttpClient { BaseAddress = server.Address };

        Assert.Equal("robo-evals/1", (string?)JsonNode.Parse(await http.GetStringAsync("/info"))!["protocol"]);
        var (early, why) = await PostAsync(http, "/act", $"{{\"observation\": {Seen.ToJsonString()}}}");
        Assert.Equal(HttpStatusCode.BadRequest, early);
        Assert.Contains("what is to be done, in words", (string?)why["error"], Ordinal);

        var (reset, nothing) = await PostAsync(http, "/reset", """{"instruction": "pick up the red block"}""");
        Assert.Equal((HttpStatusCode.OK, "{}"), (reset, nothing.ToJsonString()));
        for (var step = 0; step < 3; step++)
        {
            var (status, answer) = await PostAsync(http, "/act", $"{{\"observation\": {Seen.ToJsonString()}}}");
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal(7, answer["action"]!.AsArray().Count);
        }
    }

    [Fact]
    public async Task RoboEvals_over_a_WebSocket_is_answered_with_the_type_of_each_answer()
    {
        await using var server = await ServedTabletop.StartAsync(ServedTabletop.Options("robo-evals"));
        using var client = await WireClient.ConnectAsync(server.Address, greets: false);

        Assert.Equal("robo-evals/1", (string?)(await TellAsync("""{"type": "info"}"""))["protocol"]);
        Assert.Equal(
            "ok",
            (string?)(await TellAsync("""{"type": "reset", "instruction": "pick up the red block"}"""))["type"]
        );
        var action = await TellAsync($"{{\"type\": \"act\", \"observation\": {Seen.ToJsonString()}}}");
        Assert.Equal(("action", 7), ((string?)action["type"], action["action"]!.AsArray().Count));
        var error = await TellAsync("""{"type": "dance"}""");
        Assert.Equal("error", (string?)error["type"]);
        Assert.Contains("the message's type is 'dance'", (string?)error["message"], Ordinal);
        Assert.Equal("ok", (string?)(await TellAsync("""{"type": "reset"}"""))["type"]);

        async Task<JsonNode> TellAsync(string message) =>
            JsonNode.Parse(
                Assert.IsType<string>(await client.AskAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text))
            )!;
    }

    [Fact]
    public async Task VlaEval_is_answered_with_each_observations_number()
    {
        await using var server = await ServedTabletop.StartAsync(ServedTabletop.Options("vla-eval"));
        using var client = await WireClient.ConnectAsync(server.Address, greets: false);

        var hello = await TellAsync("hello", 1, (ref MessagePackWriter to) => to.WriteMapHeader(0));
        Assert.Equal(("hello", 1d), (hello.FindText("type"), hello.FindNumber("payload/protocol_version")));
        var refused = await TellAsync("observation", 2, (ref MessagePackWriter to) => to.WriteMapHeader(0));
        Assert.Equal(("error", 2d), (refused.FindText("type"), refused.FindNumber("seq")));
        Assert.Contains("images/front", refused.FindText("payload/error"), Ordinal);
        for (var step = 3; step < 6; step++)
        {
            var action = await TellAsync("observation", step, Observe);
            Assert.Equal(("action", (double)step), (action.FindText("type"), action.FindNumber("seq")));
            Assert.True(action.TryFindArray("payload/actions", out var numbers));
            Assert.Equal(7, numbers.Count);
        }

        async Task<WireMap> TellAsync(string type, int number, WireBytesTests.Writing payload) =>
            WireReader.Read(
                Assert.IsType<byte[]>(
                    await client.AskAsync(
                        WireBytesTests.Written(
                            (ref MessagePackWriter to) =>
                            {
                                to.WriteMapHeader(3);
                                to.Write("type");
                                to.Write(type);
                                to.Write("seq");
                                to.Write(number);
                                to.Write("payload");
                                payload(ref to);
                            }
                        )
                    )
                )
            );
    }

    [Fact]
    public async Task Who_finds_no_place_is_told_to_come_again_whatever_it_speaks()
    {
        await using var server = await ServedTabletop.StartAsync(
            ServedTabletop.Options("openpi", "openvla", "robo-evals", "vla-eval") with
            {
                MostClients = 1,
                Limits = new SessionLimits { LongestWait = TimeSpan.FromMilliseconds(10) },
            }
        );
        using var taken = await WireClient.ConnectAsync(server.Addresses[0]);

        foreach (var address in server.Addresses.Skip(1).Take(2))
        {
            using var http = new HttpClient { BaseAddress = address };
            var (status, answer) = await PostAsync(http, "/act", """{"observation": {"state": [1]}}""");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.Contains("all 1 places are taken", (string?)answer["error"], Ordinal);
        }

        using var other = await WireClient.ConnectAsync(server.Addresses[3], greets: false);
        Assert.Null(await other.ReceiveAsync());
        Assert.Equal((WebSocketCloseStatus)1013, other.Closed);
    }

    private static async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(
        HttpClient http,
        string path,
        string body
    )
    {
        var answer = await http.PostAsync(path, new StringContent(body));
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    private static void Observe(ref MessagePackWriter to)
    {
        to.WriteMapHeader(3);
        to.Write("images");
        to.WriteMapHeader(1);
        to.Write("front");
        WireWriter.WritePicture(ref to, new float[32 * 32 * 3], 32, 32, channelsFirst: false);
        to.Write("states");
        WireWriter.WriteFloats(ref to, new float[7], 7);
        to.Write("task_description");
        to.Write("pick up the red block");
    }
}
