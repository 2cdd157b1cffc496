using System.Text.Json;
using Vla.Actors.Robots;
using Vla.Runtime.Networks.Ros;
using Vla.Runtime.Robots;
using Vla.Sensors;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Networks.Ros;

/// <summary>A robot behind a rosbridge.</summary>
public sealed class RosRobotTests : IDisposable
{
    private const string Usual = """
        "publish": [
          { "topic": "/arm/joint_trajectory", "type": "trajectory_msgs/JointTrajectory", "values": ["pan", "lift"],
            "time_ms": 1250 },
          { "topic": "/cmd_vel", "type": "geometry_msgs/msg/Twist", "values": ["turn"], "fields": ["angular.z"] } ],
        "state": [ { "topic": "/joint_states", "positions": ["lift", "pan"], "rate": 20 } ],
        "joints": { "pan": "arm_pan_joint" }
        """;

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Its_topics_are_announced_and_asked_for_by_the_types_of_its_version()
    {
        using var peer = new BridgePeer(AnswerWithJoints);
        using var robot = Connected(peer, Usual);

        var told = Enumerable.Range(0, 5).Select(_ => peer.NextTold()).ToList();

        Assert.Equal(
            [
                "advertise /arm/joint_trajectory trajectory_msgs/msg/JointTrajectory",
                "advertise /cmd_vel geometry_msgs/msg/Twist",
                "advertise /vla/action std_msgs/msg/String",
                "subscribe /joint_states sensor_msgs/msg/JointState",
                "call_service /",
            ],
            told.Select(Described)
        );
        Assert.Equal((50, 1), (Whole(told[3], "throttle_rate"), Whole(told[3], "queue_length")));
    }

    [Fact]
    public void ROS_1_has_short_names_and_other_times()
    {
        using var peer = new BridgePeer(AnswerWithJoints);
        using var robot = Connected(peer, Usual + """, "version": 1, "tell_action": false""");
        robot.Apply(Make.Published(1, ControlState.Policy, 0, 1, 2, 3));

        var told = Enumerable.Range(0, 3).Select(_ => Described(peer.NextTold())).ToList();
        var point = peer.NextPublished("/arm/joint_trajectory").GetProperty("points")[0];

        Assert.Equal("advertise /arm/joint_trajectory trajectory_msgs/JointTrajectory", told[0]);
        Assert.Equal("subscribe /joint_states sensor_msgs/JointState", told[2]);
        Assert.Equal("""{"secs":1,"nsecs":250000000}""", point.GetProperty("time_from_start").GetRawText());
    }

    [Fact]
    public void An_action_becomes_a_message_of_each_topic_and_one_with_its_number_and_how_long_it_stands()
    {
        using var peer = new BridgePeer(AnswerWithJoints);
        using var robot = Connected(peer, Usual);

        robot.Apply(Make.Published(7, ControlState.Policy, 0, 1, 90, 0.5f) with { DeadmanMs = 150 });

        var trajectory = peer.NextPublished("/arm/joint_trajectory");
        Assert.Equal("""["arm_pan_joint","lift"]""", trajectory.GetProperty("joint_names").GetRawText());
        var point = trajectory.GetProperty("points")[0];
        Assert.Equal(1, point.GetProperty("positions")[0].GetDouble());
        Assert.Equal(Math.PI / 2, point.GetProperty("positions")[1].GetDouble(), 1e-6);
        Assert.Equal("""{"sec":1,"nanosec":250000000}""", point.GetProperty("time_from_start").GetRawText());
        Assert.Equal(
            """{"linear":{"x":0,"y":0,"z":0},"angular":{"x":0,"y":0,"z":0.5}}""",
            peer.NextPublished("/cmd_vel").GetRawText()
        );
        using var whole = JsonDocument.Parse(peer.NextPublished("/vla/action").GetProperty("data").GetString()!);
        Assert.Equal((7, 150), (Whole(whole.RootElement, "sequence"), Whole(whole.RootElement, "deadman_ms")));
    }

    [Theory]
    [InlineData(
        "sensor_msgs/JointState",
        """, "field": "effort" """,
        """{"name":["pan","lift","turn"],"effort":[1,2,3]}"""
    )]
    [InlineData("std_msgs/Float64MultiArray", "", """{"data":[1,2,3]}""")]
    [InlineData(
        "geometry_msgs/TwistStamped",
        """, "fields": ["linear.y", "angular.x", "linear.x"], "frame": "base" """,
        """
            {"header":{"frame_id":"base"},"twist":{"linear":{"x":3,"y":1,"z":0},"angular":{"x":2,"y":0,"z":0}}}
            """
    )]
    public void Each_type_has_its_form(string type, string more, string expected)
    {
        using var peer = new BridgePeer();
        var units = type.StartsWith("geometry", StringComparison.Ordinal) ? "rad/s" : "1";
        using var robot = Connected(
            peer,
            $$""" "publish": [ {"topic": "/out", "type": "{{type}}", "values": ["pan", "lift", "turn"] {{more}} } ] """,
            units,
            units
        );

        robot.Apply(Make.Published(1, ControlState.Policy, 0, 1, 2, 3));

        Assert.Equal(expected.Trim(), peer.NextPublished("/out").GetRawText());
    }

    [Fact]
    public async Task Joint_states_are_put_together_by_name_and_are_as_old_as_the_oldest_of_them()
    {
        using var peer = new BridgePeer(operation =>
            operation.GetProperty("op").GetString() == "subscribe"
                ? BridgePeer.Joints("""["wheel", "lift"]""", $"[9, {Math.PI}]", Stamp(TimeSpan.FromMilliseconds(40)))
                : null
        );
        var connecting = Task.Run(() => Connected(peer, Usual));
        var connection = peer.NextConnection();
        using var more = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!connecting.IsCompleted && await more.WaitForNextTickAsync())
            await RobotPeer.SayAsync(connection, BridgePeer.Joints("""["arm_pan_joint"]""", "[0.5]", Stamp(default)));

        using var robot = await connecting;
        var values = new float[2];
        Assert.True(robot.States!.TryRead(long.MaxValue, values, out var atNs));
        Assert.Equal(["lift", "pan"], robot.StateNames);
        Assert.Equal(["deg", "rad"], robot.StateUnits);
        Assert.Equal([180, 0.5f], values);
        Assert.InRange(TimeProvider.System.NowNs() - atNs, 40 * MonotonicTime.NsPerMs, 30 * MonotonicTime.NsPerSecond);
    }

    [Theory]
    [InlineData("{", "is no JSON")]
    [InlineData("7", "is no JSON object")]
    [InlineData("""{"op": "publish", "topic": "/joint_states"}""", "/joint_states is no JSON object")]
    [InlineData("""{"op": "publish", "topic": "/joint_states", "msg": {}}""", "has no list 'name'")]
    [InlineData(
        """{"op": "publish", "topic": "/joint_states", "msg": {"name": ["lift"], "position": [null]}}""",
        "has no number for lift"
    )]
    [InlineData(
        """{"op": "publish", "topic": "/joint_states", "msg": {"name": ["x", "lift"], "position": [1]}}""",
        "has no number for lift"
    )]
    [InlineData(
        """{"op": "publish", "topic": "/joint_states", "msg": {"name": ["lift"], "position": 1}}""",
        "has no number for lift"
    )]
    [InlineData(
        """{"op": "publish", "topic": "/joint_states", "msg": {"name": ["lift", {}], "position": [1, 2]}}""",
        "'name' is no list of texts"
    )]
    [InlineData("""{"op": "status", "level": "error", "msg": "no\ntopic"}""", "the bridge says: no topic")]
    [InlineData("""{"op": "status", "level": "warning", "msg": "queue full"}""", "the bridge says: queue full")]
    public async Task What_is_of_no_use_is_passed_over_and_said(string bad, string said)
    {
        using var peer = new BridgePeer(AnswerWithJoints);
        using var robot = Connected(peer, Usual);

        await RobotPeer.SayAsync(peer.NextConnection(), bad);

        Until(() => robot.PassedOver == 1);
        Assert.Contains(said, robot.Note, StringComparison.Ordinal);
        Assert.Null(robot.Gone);
    }

    [Fact]
    public void What_a_bridge_has_against_a_topic_is_an_error_in_its_words()
    {
        using var peer = new BridgePeer(operation =>
            operation.GetProperty("op").GetString() == "advertise"
                ? """{"op": "status", "level": "error", "msg": "advertise_0: Unable to load the manifest"}"""
                : null
        );

        var error = Assert.Throws<RobotException>(() => Connected(peer, Usual));

        Assert.Equal("the bridge says: advertise_0: Unable to load the manifest", error.Message);
    }

    [Fact]
    public void One_that_tells_of_other_joints_is_told_with_their_names()
    {
        using var peer = new BridgePeer(operation =>
            operation.GetProperty("op").GetString() == "subscribe"
                ? BridgePeer.Joints("""["lift", "joint_1"]""", "[1, 2]")
                : null
        );

        var error = Assert.Throws<RobotException>(() => Connected(peer, Usual, options: "&timeout=400"));

        Assert.Contains("not told: pan; it tells of joint_1; see that", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_bridge_is_told_so()
    {
        using var peer = new RobotPeer(first: "");

        var error = Assert.Throws<RobotException>(() => Connected(peer.Port, Usual, "&timeout=200"));

        Assert.Contains("answered nothing for 0.2 s: is it a rosbridge", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-3600000", "3600 s ahead of this machine's")]
    [InlineData("3600000", "3600 s behind this machine's")]
    public async Task A_clock_that_disagrees_is_said_and_the_state_counts_all_the_same(string behindMs, string said)
    {
        var behind = TimeSpan.FromMilliseconds(
            double.Parse(behindMs, System.Globalization.CultureInfo.InvariantCulture)
        );
        using var peer = new BridgePeer();
        var connecting = Task.Run(() => Connected(peer, Usual));
        var connection = peer.NextConnection();
        using var more = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!connecting.IsCompleted && await more.WaitForNextTickAsync())
            await Say();
        using var robot = await connecting;
        while (robot.Note is null || robot.Holding is not null)
        {
            await Say();
            await more.WaitForNextTickAsync();
        }

        Assert.Contains($"its clock is {said}", robot.Note, StringComparison.Ordinal);

        Task Say() =>
            RobotPeer.SayAsync(connection, BridgePeer.Joints("""["lift", "arm_pan_joint"]""", "[1, 2]", Stamp(behind)));
    }

    [Theory]
    [InlineData(""" "publish": [] """, "ros.publish is without 'pan'")]
    [InlineData(""" "version": 3, "publish": [] """, "ros.version is 3, allowed is 1 to 2, whole")]
    [InlineData(""" "publis": [] """, "ros.publish is missing")]
    [InlineData(""" "publish": [ {"topic": "out"} ], "x": 1 """, "ros.publish[0].type is missing")]
    [InlineData(
        """ "publish": [ {"topic": "/a b", "type": "std_msgs/Float64MultiArray", "values": ["pan"]} ] """,
        "ros.publish[0].topic is \"/a b\", allowed is a topic"
    )]
    [InlineData(
        """ "publish": [ {"topic": "/a", "type": "std_msgs/Int32", "values": ["pan"]} ] """,
        "ros.publish[0].type is std_msgs/Int32, allowed is sensor_msgs/JointState, trajectory_msgs/JointTrajectory"
    )]
    [InlineData(
        """ "publish": [ {"topic": "/a", "type": "std_msgs/Float64MultiArray", "values": ["pen"]} ] """,
        "ros.publish[0].values[0] is \"pen\", allowed is a dimension of the profile: pan, lift, turn"
    )]
    [InlineData(
        """ "publish": [ {"topic": "/a", "type": "std_msgs/Float64MultiArray", "values": ["pan", "pan"]} ] """,
        "ros.publish is with 'pan' 2 times"
    )]
    [InlineData(
        """ "publish": [ {"topic": "/a", "type": "std_msgs/Float64MultiArray", "values": ["pan"], "time_ms": 1} ] """,
        "unknown key 'ros.publish[0].time_ms'"
    )]
    [InlineData(
        """ "publish": [ {"topic": "/a", "type": "geometry_msgs/Twist", "values": ["turn"], "fields": ["z"]} ] """,
        "ros.publish[0].fields[0] is \"z\", allowed is one of linear.x"
    )]
    [InlineData(
        """ "publish": [{"topic": "/a", "type": "geometry_msgs/Twist", "values": ["pan"], "fields": ["linear.x"]}] """,
        "ros.publish[0].values[0] is \"pan\" in rad, allowed is a dimension in rad/s, m/s, 1, deg/s"
    )]
    [InlineData(
        """ "publish": [ {"topic": "/a", "type": "sensor_msgs/JointState", "values": ["turn"]} ] """,
        "ros.publish[0].values[0] is \"turn\" in rad/s, allowed is a dimension in rad, m, 1, deg"
    )]
    [InlineData(
        """
            "publish": [ {"topic": "/a", "type": "std_msgs/Float64MultiArray", "values": ["pan", "lift", "turn"]} ],
            "state": [ {"topic": "/joint_states"} ]
            """,
        "ros.state[0].positions is empty"
    )]
    [InlineData(
        """
            "publish": [ {"topic": "/a", "type": "std_msgs/Float64MultiArray", "values": ["pan", "lift", "turn"]} ],
            "state": [ {"topic": "/joint_states", "positions": ["pan", "pan"]} ]
            """,
        "ros.state is with 'pan' twice"
    )]
    [InlineData(
        """
            "publish": [ {"topic": "/a", "type": "std_msgs/Float64MultiArray", "values": ["pan", "lift", "turn"]} ],
            "state": [ {"topic": "/joint_states", "type": "sensor_msgs/Imu", "positions": ["pan"]} ]
            """,
        "ros.state[0].type is sensor_msgs/Imu, allowed is sensor_msgs/JointState"
    )]
    public void A_profile_that_is_wrong_is_told_with_file_key_and_what_is_allowed(string ros, string said)
    {
        var error = Assert.Throws<RobotProfileException>(() => Robot(1, ros));

        Assert.Contains($"{_folder.File("arm.json")}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    /// <summary>A machine under test may be slow.</summary>
    private static string Patient(string options) => options.Length > 0 ? options : "&timeout=30000";

    private static string? AnswerWithJoints(JsonElement operation) =>
        operation.GetProperty("op").GetString() == "call_service" ? null
        : operation.GetProperty("op").GetString() == "subscribe"
            ? BridgePeer.Joints("""["lift", "arm_pan_joint"]""", "[1, 2]")
        : null;

    private static string Stamp(TimeSpan behind)
    {
        var at = DateTimeOffset.UtcNow - behind - DateTimeOffset.UnixEpoch;
        return $$"""{"stamp": {"sec": {{at.Ticks / 10_000_000}}, "nanosec": {{at.Ticks % 10_000_000 * 100}} } }""";
    }

    private static string Described(JsonElement told) =>
        $"{told.GetProperty("op").GetString()} {Text(told, "topic") ?? "/"} {Text(told, "type")}".Trim();

    private static string? Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static int Whole(JsonElement of, string name) => of.GetProperty(name).GetInt32();

    private static void Until(Func<bool> isSo) => Assert.True(SpinWait.SpinUntil(isSo, RobotPeer.Patience));

    private RosRobot Connected(
        BridgePeer peer,
        string ros,
        string lift = "deg",
        string turn = "rad/s",
        string options = ""
    ) => Connected(peer.Port, ros, options, lift, turn);

    private RosRobot Connected(int port, string ros, string options = "", string lift = "deg", string turn = "rad/s")
    {
        var robot = Robot(port, ros, options, lift, turn);
        try
        {
            robot.Connect(CancellationToken.None);
            return robot;
        }
        catch
        {
            robot.Dispose();
            throw;
        }
    }

    private RosRobot Robot(int port, string ros, string options = "", string lift = "deg", string turn = "rad/s")
    {
        var file = _folder.File("arm.json");
        // In one unit where one topic takes all of them.
        var pan = lift == "deg" ? "rad" : lift;
        File.WriteAllText(
            file,
            $$"""
            { "name": "arm", "limits": false, "dimensions": [
                { "name": "pan", "unit": "{{pan}}", "hold": "keep", "start": 0 },
                { "name": "lift", "unit": "{{lift}}", "hold": "keep", "start": 0 },
                { "name": "turn", "unit": "{{turn}}", "hold": "zero" } ],
              "ros": { {{ros}} } }
            """
        );
        var spec = RobotRegistry.Parse($"ros://127.0.0.1:{port}?profile={file}{Patient(options)}", _folder.Path);
        var context = new RobotContext(() => throw new InvalidOperationException(), TimeProvider.System);
        return (RosRobot)spec.Make(context).Robot!;
    }
}
