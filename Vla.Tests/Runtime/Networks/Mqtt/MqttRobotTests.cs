using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Networks;
using Vla.Runtime.Networks.Mqtt;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Networks.Mqtt;

/// <summary>A robot behind an MQTT broker, here MQTTnet's own.</summary>
public sealed class MqttRobotTests
{
    private const string State = """{"values": {"gripper": 0.25}}""";

    private readonly int _port = FreePort.Find();

    [Fact]
    public async Task It_is_told_each_action_which_nobody_keeps_and_the_last_one_is_the_stop()
    {
        using var broker = new BrokerPeer(_port);
        using (var robot = await ConnectedAsync(broker))
        {
            robot.Apply(Make.Published(7, ControlState.Policy, 0, 0.1f, 0.5f) with { DeadmanMs = 150 });
            robot.Apply(Make.Published(8, ControlState.Stop, 0, 0, 0.5f));
        }

        var (action, message) = broker.NextTold();
        Assert.Equal(7, action.GetProperty("sequence").GetInt64());
        Assert.Equal(150, action.GetProperty("deadman_ms").GetInt32());
        Assert.Equal(0.5f, action.GetProperty("values").GetProperty("gripper").GetSingle());
        Assert.Equal((false, 1u), (message.Retain, message.MessageExpiryInterval));
        Assert.Equal("stop", broker.NextTold().Action.GetProperty("state").GetString());
        // The good-bye was said: no last will follows.
        using var other = await ConnectedAsync(broker);
        other.Apply(Make.Published(1, ControlState.Hold));
        Assert.Equal("hold", broker.NextTold().Action.GetProperty("state").GetString());
    }

    [Fact]
    public async Task The_broker_says_stop_when_the_controller_is_gone_without_a_word()
    {
        using var broker = new BrokerPeer(_port);
        using var robot = await ConnectedAsync(broker);
        robot.Apply(Make.Published(7, ControlState.Policy));
        Assert.Equal(7, broker.NextTold().Action.GetProperty("sequence").GetInt64());

        await broker.CutOffAsync();

        var (will, _) = broker.NextTold();
        Assert.Equal("stop", will.GetProperty("state").GetString());
        Assert.Equal(MqttRobot.LastWillSequence, will.GetProperty("sequence").GetInt64());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, will.GetProperty("values").GetProperty("x").ValueKind);
        Assert.True(SpinWait.SpinUntil(() => robot.Gone is not null, RobotPeer.Patience));
        Assert.StartsWith("the connection to the broker was lost", robot.Gone);
        Assert.Throws<RobotLostException>(() => robot.Apply(Make.Published(8, ControlState.Policy)));
    }

    [Fact]
    public async Task It_is_connected_anew_after_a_loss()
    {
        using var broker = new BrokerPeer(_port);
        using var connection = new RobotConnection(Robot(""), TimeProvider.System);
        await SayUntil(broker, Task.Run(() => connection.Connect(CancellationToken.None)));

        await broker.CutOffAsync();
        Assert.True(SpinWait.SpinUntil(() => connection.Lost is not null, RobotPeer.Patience));
        await SayUntil(
            broker,
            Task.Run(() => Assert.True(SpinWait.SpinUntil(() => connection.Lost is null, RobotPeer.Patience)))
        );
        connection.Apply(Make.Published(9, ControlState.Hold));

        Assert.Equal(MqttRobot.LastWillSequence, broker.NextTold().Action.GetProperty("sequence").GetInt64());
        Assert.Equal(9, broker.NextTold().Action.GetProperty("sequence").GetInt64());
        Assert.Equal(1, connection.Reconnected);
    }

    [Fact]
    public async Task What_was_retained_says_where_it_once_was_and_does_not_count()
    {
        using var broker = new BrokerPeer(_port);
        await broker.SayAsync("""{"values": {"gripper": 0.75}}""", retain: true);

        var error = Assert.Throws<RobotException>(() =>
            Robot("&version=3.1.1&timeout=500").Connect(CancellationToken.None)
        );

        Assert.Contains("a retained message, which says where it once was, was passed over", error.Message);
        Assert.Contains("let it publish to arm/state, not retained", error.Message);
    }

    [Theory]
    [InlineData("""{"values": {}}""", "lacks values.gripper")]
    [InlineData("nothing", "is no JSON")]
    public async Task A_message_that_is_of_no_use_is_passed_over_and_said(string bad, string said)
    {
        using var broker = new BrokerPeer(_port);
        using var robot = await ConnectedAsync(broker);

        await broker.SayAsync(bad);

        Assert.True(SpinWait.SpinUntil(() => robot.PassedOver == 1, RobotPeer.Patience));
        Assert.Contains(said, robot.Note, StringComparison.Ordinal);
        Assert.Null(robot.Gone);
    }

    [Fact]
    public async Task A_message_that_is_too_long_is_none_of_its_states()
    {
        using var broker = new BrokerPeer(_port);
        using var robot = await ConnectedAsync(broker, "&version=3.1.1");

        await broker.SayAsync(new byte[StateJson.Longest + 1]);

        Assert.True(SpinWait.SpinUntil(() => robot.Gone is not null, RobotPeer.Patience));
        Assert.Equal("it sent a message of more than 1024 KiB", robot.Gone);
    }

    [LinuxFact]
    public async Task A_broker_that_wants_a_password_is_told_with_the_mend_and_takes_the_one_in_the_file()
    {
        using var folder = new TemporaryDirectory();
        using var broker = new BrokerPeer(_port, password: "secret");
        var file = folder.File("password");
        await File.WriteAllTextAsync(file, "secret\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var error = Assert.Throws<RobotException>(() => Robot("").Connect(CancellationToken.None));
        using var robot = await ConnectedAsync(broker, $"&user=me&password={file}");

        Assert.Equal("the broker wants another name or password: give user=NAME and password=FILE", error.Message);
    }

    [Fact]
    public void Nobody_there_is_told_with_the_mend() =>
        Assert.StartsWith(
            "nobody listens there (connection refused): start the broker",
            Assert.Throws<RobotException>(() => Robot("").Connect(CancellationToken.None)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("arm/+", "has + or # in its topics")]
    [InlineData("arm?password=x", "has a password and no name: give user=NAME too")]
    [InlineData("arm", "needs its profile")]
    public void One_that_is_written_wrongly_is_told_with_the_mend(string tail, string said)
    {
        var address = Address($"mqtt://127.0.0.1/{tail}");

        var error = Assert.Throws<UsageException>(() => MqttKind.Kind.Make(address, null, TimeProvider.System));

        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A machine under test may be slow.</summary>
    private static string Patient(string options) =>
        options.Contains("timeout", StringComparison.Ordinal) ? options : $"{options}&timeout=30000";

    private static NetworkAddress Address(string text) =>
        NetworkAddress.Read(
            text,
            "robot",
            MqttKind.Kind.Form,
            MqttKind.Kind.RobotOptions,
            why => new UsageException(why)
        )!;

    private MqttRobot Robot(string options)
    {
        var address = Address($"mqtt://127.0.0.1:{_port}/arm?rate=50{Patient(options)}");
        return new MqttRobot(address, Make.Profile(), RobotTells.PositionsOf(Make.Profile()), TimeProvider.System);
    }

    private async Task<MqttRobot> ConnectedAsync(BrokerPeer broker, string options = "")
    {
        var robot = Robot(options);
        await SayUntil(broker, Task.Run(() => robot.Connect(CancellationToken.None)));
        return robot;
    }

    private static async Task SayUntil(BrokerPeer broker, Task done)
    {
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!done.IsCompleted && await again.WaitForNextTickAsync())
            await broker.SayAsync(State);
        await done;
    }
}
