using System.Net.WebSockets;
using MessagePack;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Tests.Actors.Policies.Remote.OpenPi;

/// <summary>What is known, and what is said, before anything moves.</summary>
public sealed class OpenPiPolicyTests
{
    private static readonly RobotNaming Arm = new()
    {
        Who = "the robot profile 'arm'",
        ActionNames = ["a", "b", "c", "d", "e", "f", "grip"],
        ActionUnits = ["rad", "rad", "rad", "rad", "rad", "rad", "1"],
        StateNames = ["1", "2", "3", "4", "5", "6", "7", "8"],
        StateUnits = ["1", "1", "1", "1", "1", "1", "1", "1"],
        StepMs = 40,
    };

    [Fact]
    public void A_preset_sends_what_the_published_environment_sends()
    {
        WireMap? seen = null;
        using var server = FakePolicyServer.Answering(map =>
        {
            seen = map;
            return FakePolicyServer.Chunk(10, 7);
        });

        var policy = Load(server, "preset=libero").Driving(Arm);

        Assert.Equal(["image", "wrist"], policy.Pictures);
        Assert.Equal(["observation/image", "observation/wrist_image", "observation/state", "prompt"], seen!.Paths);
        Assert.Equal("u1 [224, 224, 3]", Described(seen, "observation/image"));
        Assert.Equal("f8 [8]", Described(seen, "observation/state"));
        Assert.Equal((10, 50.0, 5), (policy.Action.Horizon, policy.Action.StepMs, policy.Action.Execution.Execute));
        Assert.Equal(Arm.ActionNames, policy.Action.Names);
        Assert.Equal(Arm.StateNames, policy.State.Names);
    }

    [Fact]
    public void Alohas_pictures_lie_in_a_map_with_their_channels_first()
    {
        WireMap? seen = null;
        using var server = FakePolicyServer.Answering(map =>
        {
            seen = map;
            return FakePolicyServer.Chunk(50, 14);
        });
        var names = Enumerable.Range(1, 14).Select(i => $"j{i}").ToList();
        var units = names.Select(_ => "rad").ToList();

        Load(server, "preset=aloha")
            .Driving(Arm with { ActionNames = names, ActionUnits = units, StateNames = names, StateUnits = units });

        Assert.Equal(
            ["images/cam_high", "images/cam_low", "images/cam_left_wrist", "images/cam_right_wrist", "state", "prompt"],
            seen!.Paths
        );
        Assert.Equal("u1 [3, 224, 224]", Described(seen, "images/cam_low"));
    }

    [Fact]
    public void Without_a_preset_the_parts_go_by_the_names_of_their_features()
    {
        WireMap? seen = null;
        using var server = FakePolicyServer.Answering(map =>
        {
            seen = map;
            return FakePolicyServer.Chunk(1, 7);
        });

        var policy = Load(server, "pictures=front,wrist").Driving(Arm);

        Assert.Equal(
            ["observation.images.front", "observation.images.wrist", "observation.state", "prompt"],
            seen!.Paths
        );
        Assert.Equal(40, policy.Action.StepMs);
        Assert.Equal(["front", "wrist"], policy.Pictures);
    }

    [Fact]
    public void A_layout_of_ones_own_names_whatever_it_likes()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(
            directory.File("mine.json"),
            """
            { "pictures": [ { "name": "front", "key": "cam0", "group": "rgb", "height": 48, "width": 64 } ],
              "state": [ { "key": "q", "count": 8 } ], "prompt": "task",
              "action": { "count": 7, "execute": 3, "step_ms": 20 } }
            """
        );
        WireMap? seen = null;
        using var server = FakePolicyServer.Answering(map =>
        {
            seen = map;
            return FakePolicyServer.Chunk(4, 7);
        });

        var policy = Load(server, $"layout={directory.File("mine.json")}").Driving(Arm);

        Assert.Equal(["rgb/cam0", "q", "task"], seen!.Paths);
        Assert.Equal("u1 [48, 64, 3]", Described(seen, "rgb/cam0"));
        Assert.Equal((20.0, 3), (policy.Action.StepMs, policy.Action.Execution.Execute));
    }

    [Fact]
    public void The_users_word_on_the_step_comes_first()
    {
        using var server = FakePolicyServer.Answering(_ => FakePolicyServer.Chunk(10, 7));

        Assert.Equal(5, Load(server, "preset=libero").Driving(Arm with { GivenStepMs = 5 }).Action.StepMs);
    }

    [Fact]
    public void A_step_that_nobody_knows_is_refused()
    {
        using var server = FakePolicyServer.Answering(_ => FakePolicyServer.Chunk(10, 7));

        Assert.Contains("--policy-step", Refusal(() => Load(server, "").Driving(Arm with { StepMs = null })), Ordinal);
    }

    [Fact]
    public void A_robot_of_another_size_is_refused_with_both_sizes()
    {
        using var server = FakePolicyServer.Answering(_ => FakePolicyServer.Chunk(10, 8));

        var refusal = Refusal(() => Load(server, "preset=droid").Driving(Arm));

        Assert.Contains("8 actions (droid), and the robot profile 'arm' has 7 (a b c d e f grip)", refusal, Ordinal);
    }

    [Fact]
    public void A_Vla_server_says_itself_what_its_policy_takes_and_gives()
    {
        var description = new ServerDescription
        {
            Policy = "theirs",
            Pictures = [WirePicture.OfFeature("front", 96, 128)],
            StateNames = ["x"],
            StateUnits = ["m"],
            ActionNames = ["vx", "jaw"],
            ActionUnits = ["m/s", "1"],
            Horizon = 6,
            StepMs = 100,
            Execute = 2,
        };
        using var server = FakePolicyServer.Answering(
            _ => FakePolicyServer.Chunk(6, 2),
            WireBytesTests.Written((ref MessagePackWriter to) => description.Write(ref to))
        );

        var policy = Load(server, "").Driving(Arm);

        Assert.Equal(["front"], policy.Pictures);
        Assert.Equal((96, 128), (policy.Image.Height, policy.Image.Width));
        Assert.Equal(["vx", "jaw", "m/s", "1"], policy.Action.Names.Concat(policy.Action.Units));
        Assert.Equal(["x", "m"], policy.State.Names.Concat(policy.State.Units));
        Assert.Equal((6, 100.0, 2), (policy.Action.Horizon, policy.Action.StepMs, policy.Action.Execution.Execute));
    }

    [Fact]
    public void Nobody_there_is_said_with_the_address()
    {
        var port = FreePort.Find();

        var refusal = Refusal(() => RemotePolicy.Load(WireAddress.Parse($"openpi://127.0.0.1:{port}")));

        Assert.Contains($"openpi://127.0.0.1:{port}: nobody listens there", refusal, Ordinal);
    }

    [Fact]
    public void Another_web_server_is_told_from_a_policy_server()
    {
        using var server = new FakePolicyServer((_, _) => Task.CompletedTask, "404 Not Found");

        Assert.Contains("answered HTTP 404 instead of opening a WebSocket", Refusal(() => Load(server, "")), Ordinal);
    }

    [Fact]
    public void A_server_that_wants_a_key_is_told_from_others()
    {
        using var server = new FakePolicyServer((_, _) => Task.CompletedTask, "401 Unauthorized");

        Assert.Contains("key=FILE", Refusal(() => Load(server, "")), Ordinal);
    }

    [Fact]
    public void A_server_that_says_nothing_is_left()
    {
        using var server = new FakePolicyServer((_, ends) => Task.Delay(-1, ends));

        Assert.Contains("said nothing within 1 s", Refusal(() => Load(server, "timeout=1000")), Ordinal);
    }

    [Fact]
    public void What_is_no_metadata_is_no_policy_server()
    {
        using var server = new FakePolicyServer(
            (socket, ends) => FakePolicyServer.SendAsync(socket, new byte[] { 1 }, ends)
        );

        Assert.Contains("does not speak openpi's protocol", Refusal(() => Load(server, "")), Ordinal);
    }

    [Fact]
    public void A_traceback_becomes_its_last_line()
    {
        const string traceback = """
            Traceback (most recent call last):
              File "server.py", line 63, in _handler
                action = self._policy.infer(obs)
            KeyError: 'observation/state'

            """;
        using var server = FakePolicyServer.Answering(_ => traceback);

        var refusal = Refusal(() => Load(server, "").Driving(Arm));

        Assert.EndsWith("failed: KeyError: 'observation/state'", refusal, Ordinal);
    }

    [Fact]
    public void An_error_without_words_shows_the_line_that_it_is_from()
    {
        using var server = FakePolicyServer.Answering(_ => "Traceback:\n  assert x.shape == (10, 8)\nAssertionError\n");

        Assert.EndsWith(
            "failed: AssertionError (assert x.shape == (10, 8))",
            Refusal(() => Load(server, "").Driving(Arm)),
            Ordinal
        );
    }

    [Theory]
    [InlineData("81 a1 61 01", "the answer has no actions; it has a")]
    [InlineData("93 01 02 03", "not a MessagePack map")]
    [InlineData("81 a7 61 63 74 69 6f 6e 73 a1 78", "actions is a text")]
    [InlineData("81 a7 61 63 74 69 6f 6e 73 90", "expected is [actions, numbers]")]
    public void An_answer_without_actions_is_refused(string answer, string expected)
    {
        using var server = FakePolicyServer.Answering(_ => WireBytesTests.Bytes(answer));

        Assert.Contains(expected, Refusal(() => Load(server, "").Driving(Arm)), Ordinal);
    }

    [Fact]
    public void Actions_of_another_size_are_refused_with_both_sizes()
    {
        using var server = FakePolicyServer.Answering(_ => FakePolicyServer.Chunk(10, 8));

        Assert.Contains("of 8 numbers, and the robot takes 7", Refusal(() => Load(server, "").Driving(Arm)), Ordinal);
    }

    [Fact]
    public void A_message_without_end_is_cut_off()
    {
        using var server = new FakePolicyServer(
            async (socket, ends) =>
            {
                var piece = new byte[1 << 20];
                while (true)
                    await socket.SendAsync(piece, WebSocketMessageType.Binary, endOfMessage: false, ends);
            }
        );

        Assert.Contains("more than 16 MiB", Refusal(() => Load(server, "")), Ordinal);
    }

    [LinuxFact]
    public void A_key_that_others_can_read_is_not_used()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.File("key");
        File.WriteAllText(file, "secret");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        using var server = FakePolicyServer.Answering(_ => null);

        Assert.Contains("chmod 600", Refusal(() => Load(server, $"key={file}")), Ordinal);
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static RemotePolicy Load(FakePolicyServer server, string options) =>
        RemotePolicy.Load(WireAddress.Parse($"openpi://127.0.0.1:{server.Port}?{options}"));

    private static string Refusal(Action act) => Assert.Throws<PolicyException>(act).Message;

    private static string Described(WireMap map, string path) =>
        map.TryFindArray(path, out var array) ? array.Describe() : "nothing";
}
