using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using MessagePack;
using NetMQ;
using NetMQ.Sockets;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Runtime;
using Vla.Runtime.Serving;
using Vla.Tests.Actors.Policies.Remote;

namespace Vla.Tests.Runtime.Serving;

/// <summary>What a served policy bears from clients that ask too fast, too much or in the wrong form.</summary>
public sealed class ServingGuardsTests
{
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private static readonly string Picture = new JsonObject
    {
        ["__ndarray__"] = Convert.ToBase64String(new byte[8 * 8 * 3]),
        ["dtype"] = "uint8",
        ["shape"] = new JsonArray(8, 8, 3),
    }.ToJsonString();

    [Theory]
    [InlineData("openvla", "POST /act")]
    [InlineData("openvla", "GET /vla")]
    [InlineData("robo-evals", "POST /act")]
    [InlineData("robo-evals", "POST /reset")]
    [InlineData("robo-evals", "GET /info")]
    [InlineData("vla-eval", "GET /config")]
    public async Task Who_asks_far_too_fast_is_told_so_and_health_is_answered_all_the_same(string protocol, string what)
    {
        await using var server = await ServedTabletop.StartAsync(
            ServedTabletop.Options(protocol) with
            {
                Limits = new SessionLimits { RequestsPerSecond = 0.001 },
            }
        );
        using var http = new HttpClient { BaseAddress = server.Address };
        for (var i = 0; i < RequestPace.Burst; i++)
            Assert.NotEqual(HttpStatusCode.TooManyRequests, (await SendAsync()).StatusCode);

        var refused = await SendAsync();

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter is not null);
        Assert.Contains(
            "more than 0.001 requests a second came from you",
            await refused.Content.ReadAsStringAsync(),
            Ordinal
        );
        Assert.Equal("OK\n", await http.GetStringAsync("/healthz"));

        Task<HttpResponseMessage> SendAsync() =>
            what.Split(' ') is ["POST", var path]
                ? http.PostAsync(path, new StringContent("{}"))
                : http.GetAsync(what.Split(' ')[1]);
    }

    [Fact]
    public async Task Over_GR00Ts_protocol_too()
    {
        await using var server = await ServedTabletop.StartAsync(
            ServedTabletop.Options("gr00t") with
            {
                Limits = new SessionLimits { RequestsPerSecond = 0.001 },
            }
        );
        using var client = new RequestSocket($">tcp://127.0.0.1:{server.Address.Port}");
        for (var i = 0; i < RequestPace.Burst; i++)
            Assert.Equal("ok", Ask(client, "ping").FindText("status"));

        Assert.Contains("requests a second came from you", Ask(client, "ping").FindText("error"), Ordinal);
    }

    [LinuxFact]
    public async Task One_more_evaluation_than_are_kept_ends_the_one_that_asked_nothing_for_longest_and_no_other()
    {
        await using var server = await ServedTabletop.StartAsync(ServedTabletop.Options("robo-evals"));
        var words = """{"instruction": "pick up the red block"}""";
        Assert.Equal(HttpStatusCode.OK, await PostAsync(1, "/reset", words));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(2, "/reset", words));

        for (var client = 3; client <= 65; client++)
            Assert.Equal(HttpStatusCode.OK, await PostAsync(client, "/reset", words));

        // Words are asked for where none are known: the first one's are forgotten, the others' are not.
        var seen = $"{{\"observation\": {{\"image\": {Picture}, \"state\": [0, 0, 0, 0, 0, 0, 0]}}}}";
        Assert.Equal(HttpStatusCode.OK, await PostAsync(2, "/act", seen));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(65, "/act", seen));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(1, "/act", seen));

        async Task<HttpStatusCode> PostAsync(int client, string path, string body)
        {
            using var http = new HttpClient(From(new IPAddress([127, 0, 0, (byte)client])))
            {
                BaseAddress = server.Address,
            };
            return (await http.PostAsync(path, new StringContent(body))).StatusCode;
        }
    }

    [Theory]
    [InlineData("image/png", "the body is 'image/png': send JSON (application/json)")]
    [InlineData("multipart/form-data; boundary=x", "send JSON (application/json)")]
    [InlineData("application/octet-stream", "send JSON (application/json)")]
    [InlineData("application/msgpack", "send JSON (application/json)")]
    [InlineData("application/json; charset=utf-16", "the body's charset is 'utf-16': send UTF-8")]
    [InlineData("gzip", "the body is compressed (gzip): send it as it is")]
    public async Task A_body_of_another_kind_is_refused_with_what_to_send(string type, string expected)
    {
        await using var server = await ServedTabletop.StartAsync(ServedTabletop.Options("openvla", "robo-evals"));
        foreach (var address in server.Addresses)
        {
            using var http = new HttpClient { BaseAddress = address };
            using var body = new ByteArrayContent("{}"u8.ToArray());
            if (type == "gzip")
                body.Headers.ContentEncoding.Add(type);
            else
                body.Headers.ContentType = MediaTypeHeaderValue.Parse(type);

            var answer = await http.PostAsync("/act", body);

            Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
            var error = (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["error"];
            Assert.Contains(expected, error, Ordinal);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/vnd.api+json")]
    [InlineData("text/plain; charset=\"UTF-8\"")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task JSON_is_read_as_scripts_and_curl_send_it(string? type)
    {
        await using var server = await ServedTabletop.StartAsync(ServedTabletop.Options("openvla"));
        using var http = new HttpClient { BaseAddress = server.Address };
        using var body = new ByteArrayContent("{}"u8.ToArray());
        body.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);

        var answer = await http.PostAsync("/act", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["error"];
        Assert.Contains("no 'image'", error, Ordinal);
    }

    [Fact]
    public async Task A_server_of_GR00Ts_protocol_alone_says_how_it_is_at_an_address_of_its_own()
    {
        await using var server = await ServedTabletop.StartAsync(
            ServedTabletop.Options("gr00t") with
            {
                Health = new Uri("http://127.0.0.1:0"),
            }
        );
        using var http = new HttpClient { BaseAddress = server.Health };

        Assert.Equal("OK\n", await http.GetStringAsync("/healthz"));
        var other = await http.GetAsync("/act");
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        Assert.Contains("GET /healthz", await other.Content.ReadAsStringAsync(), Ordinal);
    }

    [Theory]
    [InlineData("gr00t", null, "http://127.0.0.1:5556/")]
    [InlineData("openpi,gr00t", null, "")]
    [InlineData("gr00t", "off", "")]
    [InlineData("gr00t", "http://127.0.0.1:9", "http://127.0.0.1:9/")]
    [InlineData("openpi", "127.0.0.1:9", "http://127.0.0.1:9/")]
    public void Where_health_is_asked_is_given_or_found(string protocols, string? given, string expected) =>
        Assert.Equal(expected, $"{Health(protocols, given)}");

    [Theory]
    [InlineData("0.0.0.0:9", "which other machines can reach")]
    [InlineData("somewhere", "allowed is http://127.0.0.1:PORT")]
    [InlineData("ftp://127.0.0.1:9", "allowed is http://127.0.0.1:PORT")]
    [InlineData("127.0.0.1:5555", "where a protocol is spoken")]
    public void An_address_for_health_that_cannot_be_is_refused(string given, string expected) =>
        Assert.Contains(expected, Assert.Throws<UsageException>(() => Health("gr00t", given)).Message, Ordinal);

    private static Uri? Health(string protocols, string? given) =>
        ServedAddresses.Health(
            given,
            ServedAddresses.Read(protocols, [], isSecret: false, isSecure: false),
            isSecret: false
        );

    private static WireMap Ask(RequestSocket client, string endpoint)
    {
        client.SendFrame(
            WireBytesTests.Written(
                (ref MessagePackWriter to) =>
                {
                    to.WriteMapHeader(1);
                    to.Write("endpoint");
                    to.Write(endpoint);
                }
            )
        );
        Assert.True(client.TryReceiveFrameBytes(Bound, out var answer));
        return WireReader.Read(answer);
    }

    /// <summary>Of this machine's loopback addresses one that is another client's.</summary>
    private static SocketsHttpHandler From(IPAddress address) =>
        new()
        {
            ConnectCallback = async (context, ends) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    socket.Bind(new IPEndPoint(address, 0));
                    await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), ends);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
}
