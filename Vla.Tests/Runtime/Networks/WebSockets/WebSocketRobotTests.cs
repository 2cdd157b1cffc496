using System.Net.WebSockets;
using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Networks;
using Vla.Runtime.Networks.WebSockets;
using Vla.Sensors;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Networks.WebSockets;

/// <summary>A robot that is driven by JSON over a WebSocket.</summary>
public sealed class WebSocketRobotTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void It_is_told_each_action_with_its_number_and_how_long_it_stands()
    {
        using var peer = new RobotPeer();
        using var robot = Connected(peer);

        robot.Apply(Make.Published(7, ControlState.Policy, 0, 0.1f, 0.5f) with { DeadmanMs = 150 });

        var told = peer.NextTold();
        Assert.Equal(7, told.GetProperty("sequence").GetInt64());
        Assert.Equal(150, told.GetProperty("deadman_ms").GetInt32());
        Assert.Equal("policy", told.GetProperty("state").GetString());
        Assert.Equal(0.1f, told.GetProperty("values").GetProperty("x").GetSingle());
        Assert.Equal(0.5f, told.GetProperty("values").GetProperty("gripper").GetSingle());
    }

    [Fact]
    public async Task The_last_message_is_the_stop_and_it_is_there_before_the_connection_is_closed()
    {
        using var peer = new RobotPeer();
        using (var robot = Connected(peer))
        {
            for (var i = 1; i <= 100; i++)
                robot.Apply(Make.Published(i, i < 100 ? ControlState.Policy : ControlState.Stop));
        }

        await peer.Closed.Task.WaitAsync(RobotPeer.Patience);
        var told = Enumerable.Range(1, 100).Select(_ => peer.NextTold()).ToList();
        Assert.Equal(100, told[^1].GetProperty("sequence").GetInt64());
        Assert.Equal("stop", told[^1].GetProperty("state").GetString());
    }

    [Fact]
    public void It_says_where_it_is_by_name_in_any_order()
    {
        using var peer = new RobotPeer("""{"more": [1, {}], "values": {"grip": 9, "y": 2, "x": 1}, "sequence": 1}""");
        using var robot = Connected(peer, "state=x,y:rad");

        Assert.Equal(["x", "y"], robot.StateNames);
        Assert.Equal(["m", "rad"], robot.StateUnits);
        var values = new float[2];
        Assert.True(robot.States!.TryRead(long.MaxValue, values, out _));
        Assert.Equal([1, 2], values);
    }

    [Theory]
    [InlineData("""{"values": {"gripper": 1}""", "is no JSON")]
    [InlineData("""{"values": {"gripper": NaN}}""", "is no JSON")]
    [InlineData("""{"values": {"gripper": 1}} {}""", "is no JSON")]
    [InlineData("[1]", "is no JSON object")]
    [InlineData("", "is no JSON")]
    [InlineData("""{"values": {"gripper": null}}""", "values.gripper is no number")]
    [InlineData("""{"values": {"gripper": "1"}}""", "values.gripper is no number")]
    [InlineData("""{"values": {"gripper": 1e300}}""", "gripper is not a number")]
    [InlineData("""{"values": {"x": 1}}""", "lacks values.gripper")]
    [InlineData("""{"values": [1]}""", "values that are no object")]
    [InlineData("""{}""", "lacks values.gripper")]
    [InlineData("""{"values": {"gripper": 1}, "sequence": 9}""", "sequence is not above")]
    [InlineData("""{"values": {"gripper": 1}, "sequence": 3}""", "sequence is not above")]
    [InlineData("""{"values": {"gripper": 1}, "sequence": 1.5}""", "sequence is no whole number")]
    [InlineData("""{"values": {"gripper": 1}, "sequence": 11, "age_ms": -1}""", "age_ms is no number from 0")]
    [InlineData("""{"values": {"gripper": 1}, "sequence": 11, "time_ms": "now"}""", "time_ms is no number")]
    public async Task A_message_that_is_of_no_use_is_passed_over_and_said_and_the_next_good_one_counts(
        string bad,
        string said
    )
    {
        using var peer = new RobotPeer("""{"values": {"gripper": 0.25}, "sequence": 9}""");
        using var robot = Connected(peer);
        var connection = peer.NextConnection();

        await RobotPeer.SayAsync(connection, bad);
        Until(() => robot.PassedOver == 1);
        Assert.Contains(said, robot.Note, StringComparison.Ordinal);
        await RobotPeer.SayAsync(connection, """{"values": {"gripper": 0.75}, "sequence": 12}""");
        Until(() => Gripper(robot) == 0.75f);

        Assert.Null(robot.Gone);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Null(robot.Note);
    }

    [Fact]
    public async Task One_that_says_nothing_is_held_still_until_it_says_something_again()
    {
        using var peer = new RobotPeer();
        using var robot = Connected(peer);
        var connection = peer.NextConnection();
        Assert.Null(robot.Holding);

        _time.Advance(TimeSpan.FromMilliseconds(301));
        Assert.Equal("it has not said where it is for 300 ms", robot.Holding);
        Assert.Same(robot.Holding, robot.Holding);
        await RobotPeer.SayAsync(connection, """{"values": {"gripper": 1}}""");

        Until(() => robot.Holding is null);
    }

    [Fact]
    public async Task A_state_that_was_old_when_it_was_sent_is_as_old_here()
    {
        using var peer = new RobotPeer("""{"values": {"gripper": 0.25}, "age_ms": 40}""");
        _time.Advance(TimeSpan.FromSeconds(1));
        using var robot = Connected(peer);
        Assert.Equal(40, (_time.NowNs() - robot.States!.NewestNs!.Value) / MonotonicTime.NsPerMs);

        _time.Advance(TimeSpan.FromMilliseconds(280));
        await RobotPeer.SayAsync(peer.NextConnection(), """{"values": {"gripper": 1}, "age_ms": 310}""");
        Until(() => robot.Holding is not null || Gripper(robot) == 1);

        Assert.NotNull(robot.Holding);
    }

    [Fact]
    public async Task A_message_that_is_too_long_ends_the_connection()
    {
        using var peer = new RobotPeer();
        using var robot = Connected(peer);

        await RobotPeer.SayAsync(peer.NextConnection(), new string(' ', StateJson.Longest + 1));

        Until(() => robot.Gone is not null);
        Assert.Equal("it sent a message of more than 1024 KiB", robot.Gone);
        Assert.Throws<RobotLostException>(() => robot.Apply(Make.Published(1, ControlState.Policy)));
    }

    [Fact]
    public async Task One_that_closes_says_why_and_is_lost()
    {
        using var peer = new RobotPeer();
        using var robot = Connected(peer);

        await peer.NextConnection()
            .CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, "battery\nempty", CancellationToken.None);

        Until(() => robot.Gone is not null);
        Assert.Equal("it closed the connection (1001: battery empty)", robot.Gone);
    }

    [Fact]
    public void One_that_reads_nothing_any_more_is_lost_and_does_not_hold_up_whoever_tells_it()
    {
        using var peer = new RobotPeer(reads: false);
        using var robot = Connected(peer);

        var lost = Assert.Throws<RobotLostException>(() =>
        {
            for (var i = 1; i <= 1_000_000; i++)
                robot.Apply(Make.Published(i, ControlState.Policy));
        });

        Assert.NotNull(robot.Gone);
        Assert.Equal(robot.Gone, lost.Message);
    }

    [Fact]
    public void It_is_connected_anew_after_a_loss_and_nothing_said_or_told_before_counts()
    {
        using var peer = new RobotPeer();
        var robot = Robot(peer);
        using var connection = new RobotConnection(robot, TimeProvider.System);
        connection.Connect(CancellationToken.None);
        connection.Apply(Make.Published(1, ControlState.Policy));
        Assert.Equal(1, peer.NextTold().GetProperty("sequence").GetInt64());

        peer.NextConnection().Abort();
        Until(() => connection.Lost is not null);
        Assert.Throws<RobotLostException>(() => connection.Apply(Make.Published(2, ControlState.Policy)));
        peer.NextConnection();
        Until(() => connection.Lost is null);
        connection.Apply(Make.Published(3, ControlState.Policy));

        Assert.Equal(3, peer.NextTold().GetProperty("sequence").GetInt64());
        Assert.Equal((1, 2), (connection.Reconnected, peer.Connections));
    }

    [Fact]
    public void An_output_needs_no_state_and_is_connected_anew_too()
    {
        using var peer = new RobotPeer(first: "");
        var address = Address(peer, "");
        using var output = new NetworkOutput(
            WebSocketKind.Kind.Make(address, Make.Profile(), TimeProvider.System),
            TimeProvider.System
        );
        output.Apply(Make.Published(1, ControlState.Policy));
        Assert.Equal(1, peer.NextTold().GetProperty("sequence").GetInt64());

        peer.NextConnection().Abort();
        Until(() => Record.Exception(() => output.Apply(Make.Published(2, ControlState.Hold))) is not null);
        peer.NextConnection();
        Until(() => Record.Exception(() => output.Apply(Make.Published(3, ControlState.Hold))) is null);

        Until(() => peer.NextTold().GetProperty("sequence").GetInt64() == 3);
    }

    [Fact]
    public void Nobody_there_is_told_with_the_mend()
    {
        var text = $"ws://127.0.0.1:{FreePort.Find()}";

        var error = Assert.Throws<RobotException>(() => Robot(text).Connect(CancellationToken.None));
        Assert.StartsWith("nobody listens there (connection refused): start the robot", error.Message);
        var output = Assert.Throws<UsageException>(() => new NetworkOutput(Robot(text), TimeProvider.System));
        Assert.StartsWith($"output {text} cannot be used: nobody listens there", output.Message);
    }

    [Theory]
    [InlineData("404 Not Found", "answered HTTP 404 instead of opening a WebSocket")]
    [InlineData("401 Unauthorized", "wants to be shown another key (HTTP 401): give key=FILE")]
    public void One_that_opens_no_WebSocket_is_told_with_the_mend(string refusal, string said)
    {
        using var peer = new RobotPeer(refusal: refusal);

        var error = Assert.Throws<RobotException>(() => Robot(peer).Connect(CancellationToken.None));

        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_does_not_say_where_it_is_is_told_with_the_mend()
    {
        using var peer = new RobotPeer("""{"values": {"grip": 1}}""");

        var error = Assert.Throws<RobotException>(() => Robot(peer, "timeout=300").Connect(CancellationToken.None));

        Assert.Equal(
            "it took the connection, and has not said where it is (gripper) for 0.3 s (a message lacks "
                + "values.gripper): let it say so, or give state=none for a robot that tells nothing",
            error.Message
        );
    }

    [Fact]
    public void Its_key_comes_from_a_file_that_only_its_owner_may_read()
    {
        using var folder = new TemporaryDirectory();
        using var peer = new RobotPeer();
        var file = folder.File("key");
        File.WriteAllText(file, "secret\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        var error = Assert.Throws<RobotException>(() => Robot(peer, $"key={file}").Connect(CancellationToken.None));

        Assert.Contains("chmod 600", error.Message, StringComparison.Ordinal);
    }

    private static WebSocketRobot Robot(RobotPeer peer, string options = "", TimeProvider? time = null) =>
        Robot($"ws://127.0.0.1:{peer.Port}?{(options.Length > 0 ? options : "timeout=30000")}", time);

    private static WebSocketRobot Robot(string text, TimeProvider? time = null)
    {
        var address = Read(text);
        return new WebSocketRobot(
            address,
            Make.Profile(),
            RobotTells.Of(address[NetworkOption.State], Make.Profile()),
            time ?? TimeProvider.System
        );
    }

    private WebSocketRobot Connected(RobotPeer peer, string options = "")
    {
        var robot = Robot(peer, options, _time);
        robot.Connect(CancellationToken.None);
        return robot;
    }

    private static NetworkAddress Address(RobotPeer peer, string options) =>
        Read($"ws://127.0.0.1:{peer.Port}?{options}");

    private static NetworkAddress Read(string text) =>
        NetworkAddress.Read(
            text,
            "robot",
            WebSocketKind.Kind.Form,
            WebSocketKind.Kind.RobotOptions,
            why => new UsageException(why)
        )!;

    private static float Gripper(WebSocketRobot robot) =>
        robot.States!.TryReadOne(long.MaxValue, 0, out var value, out _) ? value : float.NaN;

    private static void Until(Func<bool> isSo) => Assert.True(SpinWait.SpinUntil(isSo, RobotPeer.Patience));
}
