using MessagePack;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Tests.Actors.Policies.Remote.Gr00t;

/// <summary>A policy behind ZeroMQ: what goes out, and what comes of what comes back.</summary>
public sealed class Gr00tPolicyTests
{
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static readonly string[] Axes = ["x", "y", "z", "roll", "pitch", "yaw"];

    private static readonly RobotNaming Arm = new()
    {
        Who = "the robot profile 'arm'",
        ActionNames = [.. Axes, "gripper"],
        ActionUnits = ["m", "m", "m", "rad", "rad", "rad", "1"],
        StateNames = [.. Axes, "left", "right"],
        StateUnits = ["m", "m", "m", "rad", "rad", "rad", "m", "m"],
        StepMs = 50,
    };

    [Fact]
    public void A_presets_parts_lie_in_maps_of_modalities()
    {
        WireMap? seen = null;
        using var server = new FakeZmqServer(map =>
        {
            seen = map;
            return FakeZmqServer.Chunk(16, 0, [.. Arm.ActionNames.Select(name => (name, 1))]);
        });

        var policy = Load(server, "preset=libero").Driving(Arm);

        Assert.Equal("get_action", seen!.FindText("endpoint"));
        Assert.Equal("u1 [1, 1, 224, 224, 3]", Described(seen, "data/observation/video/image"));
        Assert.Equal("f4 [1, 1, 1]", Described(seen, "data/observation/state/x"));
        Assert.Equal("f4 [1, 1, 2]", Described(seen, "data/observation/state/gripper"));
        Assert.IsType<WireItem.Texts>(seen.Find("data/observation/language/annotation.human.action.task_description"));
        Assert.Equal((16, 50.0, 8), (policy.Action.Horizon, policy.Action.StepMs, policy.Action.Execution.Execute));
    }

    [Fact]
    public void The_keys_are_those_that_the_server_names()
    {
        WireMap? seen = null;
        using var server = new FakeZmqServer(
            map =>
            {
                seen = map;
                return FakeZmqServer.Chunk(4, 0, ("arm", 6), ("gripper", 1));
            },
            Modalities(
                ("video", ["front"]),
                ("state", ["joints"]),
                ("action", ["arm", "gripper"]),
                ("language", ["say"])
            )
        );

        var policy = Load(server, "").Driving(Arm);

        Assert.Equal(["front"], policy.Pictures);
        Assert.Equal("f4 [1, 1, 8]", Described(seen!, "data/observation/state/joints"));
        Assert.NotNull(seen!.Find("data/observation/language/say"));
        Assert.Equal(4, policy.Action.Horizon);
    }

    [Fact]
    public void Pieces_of_the_state_of_unknown_length_are_refused_where_they_cannot_be_told()
    {
        using var server = new FakeZmqServer(
            _ => FakeZmqServer.Chunk(4, 0, ("arm", 7)),
            Modalities(("video", ["front"]), ("state", ["arm", "hand"]))
        );

        Assert.Contains(
            "does not say how long each is; the robot profile 'arm' has 8",
            Refusal(() => Load(server, "").Driving(Arm)),
            Ordinal
        );
    }

    [Fact]
    public void N1_5_takes_the_observation_itself_with_flat_names()
    {
        WireMap? seen = null;
        using var server = new FakeZmqServer(map =>
        {
            seen = map;
            return WireBytesTests.Written(
                (ref MessagePackWriter to) =>
                {
                    to.WriteMapHeader(2);
                    to.Write("action.single_arm");
                    WireWriter.WriteNumpyFile(ref to, new float[80], 16, 5);
                    to.Write("action.gripper");
                    WireWriter.WriteNumpyFile(ref to, new float[16], 16);
                }
            );
        });
        string[] names = ["a", "b", "c", "d", "e", "gripper"];
        string[] units = ["rad", "rad", "rad", "rad", "rad", "1"];

        var policy = Load(server, "preset=so100")
            .Driving(Arm with { ActionNames = names, ActionUnits = units, StateNames = names, StateUnits = units });

        Assert.Equal("u1 [1, 224, 224, 3]", Described(seen!, "data/video.webcam"));
        Assert.Equal("f8 [1, 5]", Described(seen!, "data/state.single_arm"));
        Assert.Equal(16, policy.Action.Horizon);
    }

    [Fact]
    public void An_error_is_said()
    {
        using var server = new FakeZmqServer(_ => FakeZmqServer.Error("out of memory"));

        Assert.EndsWith("failed: out of memory", Refusal(() => Load(server, "preset=libero").Driving(Arm)), Ordinal);
    }

    [Fact]
    public void A_wrong_key_is_told_from_other_errors()
    {
        using var server = new FakeZmqServer(_ => null, FakeZmqServer.Error("Unauthorized: Invalid API token"));

        Assert.Contains("give key=FILE", Refusal(() => Load(server, "")), Ordinal);
    }

    [Theory]
    [InlineData("45 52 52 4f 52", "says no more than ERROR")]
    [InlineData("80", "has no actions 'x'")]
    [InlineData("90", "the message is an empty list")]
    [InlineData("92 01 80", "not a MessagePack map")]
    [InlineData(
        "81 a1 78 82 b1 5f 5f 6e 64 61 72 72 61 79 5f 63 6c 61 73 73 5f 5f c3 a6 61 73 5f 6e 70 79 c4 01 93",
        "x is no file of numpy's"
    )]
    public void What_is_no_chunk_is_refused_in_words(string answer, string expected)
    {
        using var server = new FakeZmqServer(_ => WireBytesTests.Bytes(answer));

        Assert.Contains(expected, Refusal(() => Load(server, "preset=libero").Driving(Arm)), Ordinal);
    }

    [Fact]
    public void Actions_of_different_lengths_are_refused()
    {
        using var server = new FakeZmqServer(_ =>
            WireBytesTests.Written(
                (ref MessagePackWriter to) =>
                {
                    to.WriteMapHeader(2);
                    to.Write("arm");
                    WireWriter.WriteNumpyFile(ref to, new float[24], 1, 4, 6);
                    to.Write("gripper");
                    WireWriter.WriteNumpyFile(ref to, new float[3], 1, 3, 1);
                }
            )
        );

        Assert.Contains("arm has 4, gripper 3", Refusal(() => Load(server, "").Driving(Arm)), Ordinal);
    }

    [Fact]
    public void Nobody_there_is_said_with_the_address()
    {
        var port = FreePort.Find();

        Assert.Contains(
            $"gr00t://127.0.0.1:{port}: nobody listens there",
            Refusal(() => RemotePolicy.Load(WireAddress.Parse($"gr00t://127.0.0.1:{port}"))),
            Ordinal
        );
    }

    [Fact]
    public void A_server_that_says_nothing_is_left()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;

        Assert.Contains(
            "gave no answer within 1 s",
            Refusal(() => RemotePolicy.Load(WireAddress.Parse($"gr00t://127.0.0.1:{port}?timeout=1000"))),
            Ordinal
        );
    }

    private static byte[] Modalities(params (string Name, string[] Keys)[] all) =>
        WireBytesTests.Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(all.Length);
                foreach (var (name, keys) in all)
                {
                    to.Write(name);
                    to.WriteMapHeader(2);
                    to.Write("__ModalityConfig_class__");
                    to.Write(true);
                    to.Write("as_json");
                    to.WriteMapHeader(1);
                    to.Write("modality_keys");
                    to.WriteArrayHeader(keys.Length);
                    foreach (var key in keys)
                        to.Write(key);
                }
            }
        );

    private static RemotePolicy Load(FakeZmqServer server, string options) =>
        RemotePolicy.Load(WireAddress.Parse($"gr00t://127.0.0.1:{server.Port}?{options}"));

    private static string Refusal(Action act) => Assert.Throws<PolicyException>(act).Message;

    private static string Described(WireMap map, string path) =>
        map.TryFindArray(path, out var array) ? array.Describe() : "nothing";
}
