using Microsoft.AspNetCore.Http;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Tests.Actors.Policies.Remote.OpenVla;

/// <summary>A policy behind <c>POST /act</c>: what goes out, and what comes of what comes back.</summary>
public sealed class OpenVlaPolicyTests
{
    /// <summary>Seven numbers as json_numpy writes them: 0.1, zeros, 1.</summary>
    private const string Action = """
        {"__numpy__":"mpmZmZmZuT8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA8D8=",
        "dtype":"<f8","shape":[7]}
        """;

    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static readonly RobotNaming Arm = new()
    {
        Who = "the robot profile 'arm'",
        ActionNames = ["a", "b", "c", "d", "e", "f", "grip"],
        ActionUnits = ["m", "m", "m", "rad", "rad", "rad", "1"],
        StateNames = ["1", "2", "3", "4", "5", "6", "7", "8"],
        StateUnits = ["1", "1", "1", "1", "1", "1", "1", "1"],
        StepMs = 200,
    };

    [Fact]
    public async Task A_picture_and_the_words_go_out_and_one_action_comes_back()
    {
        WireMap? seen = null;
        await using var server = await FakeActServer.AnsweringAsync(map =>
        {
            seen = map;
            return Action;
        });

        var policy = Load(server, "unnorm=bridge_orig").Driving(Arm);

        Assert.Equal(["image", "instruction", "unnorm_key"], seen!.Paths);
        Assert.Equal("u1 [224, 224, 3]", Described(seen, "image"));
        Assert.Equal("bridge_orig", seen.FindText("unnorm_key"));
        Assert.Equal((1, 200.0), (policy.Action.Horizon, policy.Action.StepMs));
        Assert.Equal(Arm.ActionNames, policy.Action.Names);
    }

    [Fact]
    public async Task A_message_within_a_message_is_answered_as_such()
    {
        var isWrapped = false;
        WireMap? seen = null;
        await using var server = await FakeActServer.StartAsync(
            (context, body) =>
            {
                seen = WireJson.ReadWrapped(body, "encoded", out isWrapped);
                return context.Response.WriteAsync(System.Text.Json.JsonSerializer.Serialize(Action));
            }
        );

        Load(server, "encoded=twice").Driving(Arm);

        Assert.True(isWrapped);
        Assert.Equal(["image", "instruction"], seen!.Paths);
    }

    [Fact]
    public async Task The_chunk_of_an_OFT_server_is_a_list_of_arrays()
    {
        WireMap? seen = null;
        await using var server = await FakeActServer.AnsweringAsync(map =>
        {
            seen = map;
            return $"[{string.Join(',', Enumerable.Repeat(Action, 8))}]";
        });

        var policy = Load(server, "preset=oft_libero").Driving(Arm);

        Assert.Equal(["full_image", "wrist_image", "state", "instruction"], seen!.Paths);
        Assert.Equal("f8 [8]", Described(seen, "state"));
        Assert.Equal((8, 8), (policy.Action.Horizon, policy.Action.Execution.Execute));
    }

    [Theory]
    [InlineData("\"error\"", "failed, and says no more than \"error\"")]
    [InlineData("{\"error\": \"out of memory\"}", "failed: out of memory")]
    [InlineData("[]", "expected is [actions, numbers]")]
    [InlineData("[[1, 2], [3]]", "a list that is no row of numbers")]
    [InlineData("[1, 2, 3]", "gives actions of 3 numbers, and the robot takes 7")]
    [InlineData("[1, 2", "the message is no JSON")]
    [InlineData("{\"x\": 1}", "the answer has no action; it has x")]
    [InlineData("null", "the answer has no action")]
    [InlineData("\"[1, 2\"", "the message is no JSON")]
    [InlineData("{\"__numpy__\":\"AAA\",\"dtype\":\"<f4\",\"shape\":[1]}", "no base64")]
    [InlineData("{\"__numpy__\":\"AAAAAA==\",\"dtype\":\"|O\",\"shape\":[1]}", "has the type '|O'")]
    [InlineData("{\"__numpy__\":\"AAAAAA==\",\"dtype\":\"<f4\",\"shape\":[-1]}", "a shape with -1 in it")]
    [InlineData("{\"__numpy__\":\"AAAAAA==\",\"dtype\":\"<f4\",\"shape\":[9999999999]}", "else than whole numbers")]
    public async Task What_is_no_action_is_refused_in_words(string answer, string expected)
    {
        await using var server = await FakeActServer.AnsweringAsync(_ => answer);

        Assert.Contains(expected, Refusal(() => Load(server, "").Driving(Arm)), Ordinal);
    }

    [Theory]
    [InlineData(500, "{\"detail\":\"CUDA out of memory\"}", "answered HTTP 500: CUDA out of memory")]
    [InlineData(503, "{\"error\":\"all 4 places are taken\"}", "answered HTTP 503: all 4 places are taken")]
    [InlineData(401, "", "give key=FILE")]
    [InlineData(404, "", "it is no server of OpenVLA's protocol")]
    [InlineData(302, "", "answered HTTP 302")]
    public async Task Another_status_is_said_with_its_reason(int status, string body, string expected)
    {
        await using var server = await FakeActServer.StartAsync(
            (context, _) =>
            {
                context.Response.StatusCode = status;
                return context.Response.WriteAsync(body);
            }
        );

        Assert.Contains(expected, Refusal(() => Load(server, "").Driving(Arm)), Ordinal);
    }

    [Fact]
    public void Nobody_there_is_said_with_the_address()
    {
        var port = FreePort.Find();

        Assert.Contains(
            $"openvla+http://127.0.0.1:{port}: nobody listens there",
            Refusal(() => RemotePolicy.Load(WireAddress.Parse($"openvla+http://127.0.0.1:{port}"))),
            Ordinal
        );
    }

    [Fact]
    public async Task A_message_without_end_is_cut_off()
    {
        await using var server = await FakeActServer.StartAsync(
            async (context, _) =>
            {
                var piece = new byte[1 << 20];
                while (!context.RequestAborted.IsCancellationRequested)
                    await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            }
        );

        Assert.Contains("more than 16 MiB", Refusal(() => Load(server, "").Driving(Arm)), Ordinal);
    }

    [Fact]
    public async Task A_connection_that_breaks_off_is_said_to_be_lost()
    {
        await using var server = await FakeActServer.StartAsync(
            (context, _) =>
            {
                context.Abort();
                return Task.CompletedTask;
            }
        );

        Assert.Contains("was lost", Refusal(() => Load(server, "").Driving(Arm)), Ordinal);
    }

    private static RemotePolicy Load(FakeActServer server, string options) =>
        RemotePolicy.Load(WireAddress.Parse($"openvla+http://127.0.0.1:{server.Port}?{options}"));

    private static string Refusal(System.Action act) => Assert.Throws<PolicyException>(act).Message;

    private static string Described(WireMap map, string path) =>
        map.TryFindArray(path, out var array) ? array.Describe() : "nothing";
}
