using MessagePack;
using NetMQ;
using NetMQ.Sockets;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Runtime.Evaluation;
using Vla.Runtime.Http;
using Vla.Runtime.Serving;
using Vla.Tests.Actors.Policies.Remote;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Serving;

/// <summary>A real policy behind GR00T's protocol, and clients that mean well and that do not.</summary>
public sealed class Gr00tServerTests
{
    private const string Token = "a-token-of-the-test-0123";
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private static readonly IPolicy Tabletop = PolicyFamilies.Load(Repository.File("config/policies/tabletop"));

    [Fact]
    public async Task A_policy_behind_a_Vla_server_ends_an_episode_just_as_it_does_here()
    {
        await using var server = await StartAsync();
        var remote = RemotePolicy.Load(WireAddress.Parse($"gr00t://127.0.0.1:{server.Address.Port}"));
        var episode = new EvaluationPlan { Episodes = 4 }.Lay()[1];

        var there = await RunAsync(remote, episode);
        var here = await RunAsync(Tabletop, episode);

        Assert.True(here.Succeeded);
        Assert.Equal((here.Succeeded, here.Seconds), (there.Succeeded, there.Seconds));
    }

    [Fact]
    public async Task What_is_wrong_is_answered_in_one_line_and_the_next_question_too()
    {
        await using var server = await StartAsync();
        using var client = new RequestSocket($">tcp://127.0.0.1:{server.Address.Port}");

        foreach (
            var (question, expected) in new (byte[], string)[]
            {
                ([0x93, 1, 2, 3], "not a MessagePack map"),
                ([0x80], "no observation in 'data'"),
                (Question("kill"), "not ended by its clients"),
                (Question("get_secrets"), "Unknown endpoint: get_secrets"),
            }
        )
        {
            var error = Ask(client, question).FindText("error");
            Assert.Contains(expected, error, Ordinal);
            Assert.DoesNotContain('\n', error!);
        }

        Assert.Equal("ok", Ask(client, Question("ping")).FindText("status"));
        Assert.Equal(
            "action",
            Assert
                .IsType<WireItem.Texts>(
                    Ask(client, Question("get_modality_config")).Find("action/as_json/modality_keys")
                )
                .Values.Single()
        );
        Assert.Empty(Ask(client, Question("reset")).Paths);
    }

    [Fact]
    public async Task Without_the_token_nothing_is_answered()
    {
        await using var server = await StartAsync(HttpToken.Read(Token, ""));
        using var client = new RequestSocket($">tcp://127.0.0.1:{server.Address.Port}");

        Assert.Contains("Unauthorized", Ask(client, Question("ping")).FindText("error"), Ordinal);
        Assert.Equal("ok", Ask(client, Question("ping", Token)).FindText("status"));
    }

    [Fact]
    public async Task A_message_that_is_too_large_reaches_nobody_and_others_are_served()
    {
        await using var server = await StartAsync(limits: new SessionLimits { LargestMessage = 1 << 20 });
        using var large = new RequestSocket($">tcp://127.0.0.1:{server.Address.Port}");
        using var other = new RequestSocket($">tcp://127.0.0.1:{server.Address.Port}");
        large.Options.Linger = TimeSpan.Zero;

        large.SendFrame(new byte[(1 << 20) + 1]);

        Assert.Equal("ok", Ask(other, Question("ping")).FindText("status"));
    }

    private static WireMap Ask(RequestSocket client, byte[] question)
    {
        client.SendFrame(question);
        Assert.True(client.TryReceiveFrameBytes(Bound, out var answer));
        return WireReader.Read(answer);
    }

    private static byte[] Question(string endpoint, string? token = null) =>
        WireBytesTests.Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(token is null ? 1 : 2);
                to.Write("endpoint");
                to.Write(endpoint);
                if (token is null)
                    return;
                to.Write("api_token");
                to.Write(token);
            }
        );

    private static async Task<EpisodeResult> RunAsync(IPolicy policy, Episode episode)
    {
        await using var runner = new PolicyRunner(policy, CPU);
        return await runner.RunAsync(episode, CancellationToken.None);
    }

    private static async Task<PolicyServer> StartAsync(HttpToken? token = null, SessionLimits? limits = null)
    {
        var protocol = ServedProtocol.Find("gr00t")!;
        var server = new PolicyServer(
            new PolicyServerOptions
            {
                Policy = Tabletop,
                Device = CPU,
                Token = token,
                Limits = limits ?? new SessionLimits(),
                Places = [new ServedPlace(protocol, new Uri("http://127.0.0.1:0"), protocol.LayoutOf(Tabletop))],
            }
        );
        await server.StartAsync();
        return server;
    }
}
