using System.Net;
using System.Net.WebSockets;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Actors.Policies.Remote.OpenPi;
using Vla.Runtime;
using Vla.Runtime.Evaluation;
using Vla.Runtime.Http;
using Vla.Runtime.Policies;
using Vla.Runtime.Serving;
using Vla.Tests.Actors.Policies.Remote;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Serving;

/// <summary>A real policy behind openpi's protocol, and clients that mean well and that do not.</summary>
public sealed class PolicyServerTests
{
    private const string Token = "a-token-of-the-test-0123";
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static readonly IPolicy Tabletop = PolicyFamilies.Load(Repository.File("config/policies/tabletop"));

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task A_policy_behind_a_Vla_server_ends_an_episode_just_as_it_does_here(int batch)
    {
        await using var server = await StartAsync(options => options with { LargestBatch = batch });
        var remote = RemotePolicy.Load(WireAddress.Parse($"openpi://127.0.0.1:{server.Address.Port}"));
        var episode = new EvaluationPlan { Episodes = 4 }.Lay()[1];

        var there = await RunAsync(remote, episode);
        var here = await RunAsync(Tabletop, episode);

        Assert.True(here.Succeeded);
        Assert.Equal((here.Succeeded, here.Seconds), (there.Succeeded, there.Seconds));
    }

    [Fact]
    public async Task An_answer_has_actions_and_how_long_they_took()
    {
        await using var server = await StartAsync();
        using var client = await WireClient.ConnectAsync(server.Address);

        var first = WireReader.Read((byte[])(await client.AskAsync(WireClient.Observation()))!);
        var second = WireReader.Read((byte[])(await client.AskAsync(WireClient.Observation()))!);

        Assert.Equal("tabletop", client.Metadata.FindText("vla/policy"));
        Assert.True(first.TryFindArray("actions", out var actions));
        Assert.Equal("f4 [10, 7]", actions.Describe());
        Assert.True(first.FindNumber("server_timing/infer_ms") > 0);
        Assert.Null(first.FindNumber("server_timing/prev_total_ms"));
        Assert.True(second.FindNumber("server_timing/prev_total_ms") > 0);
    }

    [Fact]
    public async Task What_is_wrong_is_answered_in_one_line_and_the_connection_stays()
    {
        await using var server = await StartAsync();
        using var client = await WireClient.ConnectAsync(server.Address);

        foreach (
            var (message, expected) in new (byte[], string)[]
            {
                ([0x93, 1, 2, 3], "not a MessagePack map"),
                ([0x80], "no 'observation.images.front' (a picture); it has nothing"),
                (WireClient.Observation(state: 6), "observation.state is f4 [6]: 7 numbers are wanted"),
                (WireClient.Observation(value: float.NaN), "observation.state holds what is no number"),
                (WireClient.Observation(words: null), "no 'prompt' (what is to be done, in words)"),
                (WireClient.Observation(words: " "), "prompt: the instruction is empty"),
                (WireClient.Observation(words: "xyzzy"), "the policy knows none of these words: \"xyzzy\""),
                (WireClient.Observation(words: new string('x', 2_000)), "at most 1,000 are taken"),
                (
                    WireBytesTests.Bytes(
                        "81 b8 6f 62 73 65 72 76 61 74 69 6f 6e 2e 69 6d 61 67 65 73 2e 66 72 6f 6e 74 01"
                    ),
                    "is a number, not an array"
                ),
            }
        )
        {
            var answer = Assert.IsType<string>(await client.AskAsync(message));
            Assert.Contains(expected, answer, Ordinal);
            Assert.DoesNotContain('\n', answer);
        }

        Assert.Contains(
            "not as text",
            Assert.IsType<string>(await client.AskAsync("hello"u8.ToArray(), WebSocketMessageType.Text)),
            Ordinal
        );
        Assert.IsType<byte[]>(await client.AskAsync(WireClient.Observation()));
    }

    [Fact]
    public async Task Words_for_observations_without_any_can_be_set()
    {
        await using var server = await StartAsync(options => options with { UsualWords = "pick up the red block" });
        using var client = await WireClient.ConnectAsync(server.Address);

        AssertAlike(
            await AskAsync(client, WireClient.Observation()),
            await AskAsync(client, WireClient.Observation(words: null))
        );
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task Clients_with_different_words_each_get_their_own_actions(int batch)
    {
        await using var server = await StartAsync(options => options with { LargestBatch = batch });
        Assert.Equal(batch, server.LargestBatch);
        using var one = await WireClient.ConnectAsync(server.Address);
        using var other = await WireClient.ConnectAsync(server.Address);
        var (red, blue) = (WireClient.Observation(), WireClient.Observation(words: "push the blue block"));
        var (forRed, forBlue) = (await AskAsync(one, red), await AskAsync(other, blue));
        Assert.Contains(forRed.Zip(forBlue), pair => Math.Abs(pair.First - pair.Second) > 1e-3);

        for (var i = 0; i < 5; i++)
        {
            var answers = await Task.WhenAll(AskAsync(one, red), AskAsync(other, blue));
            AssertAlike(forRed, answers[0]);
            AssertAlike(forBlue, answers[1]);
        }

        // And one client with one and the other.
        AssertAlike(forBlue, await AskAsync(one, blue));
        AssertAlike(forRed, await AskAsync(one, red));
    }

    [Fact]
    public async Task Who_finds_no_place_is_told_and_finds_one_when_somebody_has_left()
    {
        await using var server = await StartAsync(options => options with { MostClients = 1 });
        using (await WireClient.ConnectAsync(server.Address))
        {
            var address = WireAddress.Parse($"openpi://127.0.0.1:{server.Address.Port}");
            var refusal = Assert.Throws<PolicyException>(() => RemotePolicy.Load(address));
            Assert.Contains("all 1 places are taken", refusal.Message, Ordinal);
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (server.Clients > 0)
            await Task.Delay(20, limit.Token);
        using var next = await WireClient.ConnectAsync(server.Address);
        Assert.Equal("tabletop", next.Metadata.FindText("vla/policy"));
    }

    [Fact]
    public async Task Too_large_an_observation_ends_the_connection_with_a_reason()
    {
        await using var server = await StartAsync(options =>
            options with
            {
                Limits = new SessionLimits { LargestMessage = 1 << 20 },
            }
        );
        using var client = await WireClient.ConnectAsync(server.Address);

        Assert.Equal("an observation may have 1 MiB at most", await client.AskAsync(new byte[(1 << 20) + 1]));
        Assert.Null(await client.ReceiveAsync());
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, client.Closed);
    }

    [Fact]
    public async Task A_token_is_shown_as_openpis_clients_show_it()
    {
        await using var server = await StartAsync(options => options with { Token = HttpToken.Read(Token, "") });

        await Assert.ThrowsAsync<WebSocketException>(() => WireClient.ConnectAsync(server.Address));
        await Assert.ThrowsAsync<WebSocketException>(() => WireClient.ConnectAsync(server.Address, "Api-Key wrong"));
        using var client = await WireClient.ConnectAsync(server.Address, $"Api-Key {Token}");
        Assert.IsType<byte[]>(await client.AskAsync(WireClient.Observation()));
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(server.Address, "/healthz"))).StatusCode);
    }

    [Fact]
    public async Task A_policy_in_a_library_is_served_as_one_in_a_directory_is()
    {
        using var folder = new TemporaryDirectory();
        var file = CompiledCode.Write(
            """
            using Akka.Actor;
            using Vla.Actors.Pipeline;
            using Vla.Actors.Policies;
            using Vla.Actors.Stages;
            using Vla.Sensors.Images;
            using Vla.Sensors.Observations;
            public sealed class Served : IPolicy
            {
                public PolicyInfo Info { get; } = new()
                {
                    Name = "served", Description = "", Trained = null, Note = "",
                    StageTypes = new Dictionary<string, string>(),
                };
                public ImageSpec Image { get; } = new(8, 8, [0, 0, 0], [1, 1, 1]);
                public ActionSpec Action { get; } = new(["pan"], ["rad/s"], [0], [1], 1, 20);
                public IReadOnlyList<PolicyStep> Steps { get; } = [new("turn", "turner")];
                public IActorRef Start(IActorRefFactory parent, PolicyHost host) =>
                    parent.ActorOf(host.Scheduling.Place(Props.Create(() =>
                        new Turner(host.Setup("turn", 1), host.Observations, host.Instructions))));
                private sealed class Turner(StageSetup setup, IActorRef observations, IActorRef instructions)
                    : WholePolicyActor(setup, "turn", observations, instructions, stepNs: 20_000_000)
                {
                    protected override int Horizon => 1;
                    protected override void Load() { }
                    protected override float[] Act(Observation observation, Instruction instruction) =>
                        [instruction.Text.Length];
                }
            }
            """,
            folder.File("Served.dll")
        );
        var policy = PolicyRegistry.Find($"dll:{file}").Load(PolicyContext.WithoutWorld);
        await using var server = await StartAsync(options => options with { Policy = policy });
        using var client = await WireClient.ConnectAsync(server.Address);

        var answer = WireReader.Read((byte[])(await client.AskAsync(WireClient.Observation(words: "left")))!);

        Assert.Equal("served", client.Metadata.FindText("vla/policy"));
        Assert.True(answer.TryFindArray("actions", out var actions));
        var numbers = new float[actions.Count];
        actions.CopyTo(numbers);
        Assert.Equal([4f], numbers);
    }

    [Fact]
    public async Task It_says_that_it_is_well_and_what_it_is()
    {
        await using var server = await StartAsync();
        using var http = new HttpClient { BaseAddress = server.Address };

        Assert.Equal("OK\n", await http.GetStringAsync("/healthz"));
        var other = await http.GetAsync("/");
        Assert.Equal(HttpStatusCode.UpgradeRequired, other.StatusCode);
        Assert.Contains("open a WebSocket", await other.Content.ReadAsStringAsync(), Ordinal);
    }

    [Fact]
    public void Others_can_not_reach_it_without_a_token() =>
        Assert.Throws<UsageException>(() =>
            new PolicyServer(Options() with { Places = [OpenPi() with { Address = new Uri("http://0.0.0.0:0") }] })
        );

    [Fact]
    public void A_layout_that_does_not_fit_the_policy_is_refused_at_the_start()
    {
        var error = Assert.Throws<PolicyException>(() =>
            new PolicyServer(Options() with { Places = [OpenPi("aloha")] })
        );

        Assert.Contains(
            "takes 7 numbers of state (x y z roll pitch yaw gripper), and the layout aloha has 14",
            error.Message,
            Ordinal
        );
    }

    private static async Task<EpisodeResult> RunAsync(IPolicy policy, Episode episode)
    {
        await using var runner = new PolicyRunner(policy, CPU);
        return await runner.RunAsync(episode, CancellationToken.None);
    }

    private static async Task<float[]> AskAsync(WireClient client, byte[] observation)
    {
        var answer = Assert.IsType<byte[]>(await client.AskAsync(observation));
        Assert.True(WireReader.Read(answer).TryFindArray("actions", out var actions));
        var values = new float[actions.Count];
        actions.CopyTo(values);
        return values;
    }

    // Torch's threads add in an order of their own.
    private static void AssertAlike(float[] expected, float[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));

    private static PolicyServerOptions Options() =>
        new()
        {
            Policy = Tabletop,
            Device = CPU,
            Places = [OpenPi()],
        };

    private static ServedPlace OpenPi(string preset = "features") =>
        new(
            ServedProtocol.Find("openpi")!,
            new Uri("http://127.0.0.1:0"),
            OpenPiPresets.All.Single(one => one.Name == preset)
        );

    private static async Task<PolicyServer> StartAsync(Func<PolicyServerOptions, PolicyServerOptions>? change = null)
    {
        var server = new PolicyServer(change?.Invoke(Options()) ?? Options());
        await server.StartAsync();
        return server;
    }
}
