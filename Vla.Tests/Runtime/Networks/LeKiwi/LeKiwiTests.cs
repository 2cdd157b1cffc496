using System.Text;
using OpenCvSharp;
using Vla.Actors.Robots;
using Vla.Runtime.Networks.LeKiwi;
using Vla.Runtime.Registries;
using Vla.Runtime.Robots;
using Vla.Sensors.Cameras;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Runtime.Networks.LeKiwi;

/// <summary>LeKiwi by its host: robot and cameras over one connection.</summary>
public sealed class LeKiwiTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_says_where_it_is_and_takes_what_it_is_told_by_name(bool isNew)
    {
        using var host = new KiwiPeer(isNew);
        using var robot = Connected(host);

        var values = new float[9];
        Assert.True(robot.States!.TryRead(long.MaxValue, values, out _));
        robot.Apply(Make.Published(1, ControlState.Policy, 0, 10, 20, 30, 40, 50, 60, 0.1f, -0.2f, 45));

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8], values);
        Until(() => host.Told(_ => true) is not null);
        var told = host.Told(_ => true)!.Value;
        Assert.Equal(9, told.EnumerateObject().Count());
        Assert.Equal(10, told.GetProperty("arm_shoulder_pan.pos").GetDouble());
        Assert.Equal(60, told.GetProperty("arm_gripper.pos").GetDouble());
        Assert.Equal(45, told.GetProperty("theta.vel").GetDouble());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Its_cameras_share_the_robots_connection_and_have_red_where_red_is(bool isNew)
    {
        using var host = new KiwiPeer(isNew);
        using var robot = Connected(host);
        using var camera = Camera(host, "front").Open(TimeProvider.System);
        using var picture = new Mat();

        camera.Read(picture);

        Assert.Equal((64, 48), (camera.Description.Width, camera.Description.Height));
        var left = picture.At<Vec3b>(24, 10);
        Assert.True(
            left.Item2 > 200 && left.Item0 < 60,
            $"blue, green, red are {left.Item0} {left.Item1} {left.Item2}"
        );
        host.Says = KiwiPeer.Observation(isNew, pan: 77);
        Until(() => robot.States!.TryReadOne(long.MaxValue, 0, out var pan, out _) && pan == 77);
    }

    [Fact]
    public void A_camera_that_the_host_has_not_is_told_with_those_that_it_has()
    {
        using var host = new KiwiPeer(isNew: true);

        var error = Assert.Throws<CameraException>(() => Camera(host, "top").Open(TimeProvider.System));

        Assert.Contains("no picture of 'top': the host's cameras are wrist, front", error.Message);
    }

    [Fact]
    public void A_host_that_falls_silent_is_held_then_lost_and_found_again()
    {
        using var host = new KiwiPeer(isNew: true);
        var robot = Robot(host);
        using var connection = new RobotConnection(robot, TimeProvider.System);
        connection.Connect(CancellationToken.None);

        host.Says = null;
        Until(() => connection.Holding is not null);
        Assert.Contains("has not said where it is for 300 ms", connection.Holding, StringComparison.Ordinal);
        Until(() => connection.Lost is not null);
        Assert.Contains("it has said nothing for 2 s", connection.Lost, StringComparison.Ordinal);
        host.Says = KiwiPeer.Observation(isNew: false, pan: 5);

        Until(() => connection.Lost is null && connection.Holding is null);
        connection.Apply(Make.Published(9, ControlState.Policy, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
        Until(() => host.Told(_ => true) is not null);
    }

    [Theory]
    [InlineData("{", "is no JSON")]
    [InlineData("[]", "is no JSON object")]
    [InlineData("""{"x.vel": 1}""", "lacks arm_shoulder_pan.pos")]
    [InlineData("""{"x.vel": "fast"}""", "x.vel is no number")]
    [InlineData("""{"_cams": ["front"]}""", "names the camera front and has no frame for it")]
    [InlineData("""{"_cams": [1]}""", "_cams is no list of texts")]
    public void A_message_that_is_of_no_use_is_passed_over_and_said(string bad, string said)
    {
        using var host = new KiwiPeer(isNew: true);
        using var robot = Connected(host);

        host.Says = [Encoding.UTF8.GetBytes(bad)];
        Until(() => robot.PassedOver > 0);

        Assert.Contains(said, robot.Note, StringComparison.Ordinal);
        host.Says = KiwiPeer.Observation(isNew: true, pan: 5);
        Until(() => robot.States!.TryReadOne(long.MaxValue, 0, out var pan, out _) && pan == 5);
        Assert.Null(robot.Gone);
    }

    [Fact]
    public void Nobody_there_is_told_with_the_port_and_the_mend()
    {
        var port = FreePort.Find();
        var robot = Robot($"lekiwi://127.0.0.1:{port}");

        var error = Assert.Throws<RobotException>(() => robot.Connect(CancellationToken.None));

        Assert.StartsWith(
            $"port {port}: nobody listens there (connection refused): start LeKiwi's host",
            error.Message
        );
    }

    [Fact]
    public void Its_base_stands_when_it_is_stopped()
    {
        var profile = LeKiwiForm.Profile;

        Assert.Null(profile.Problem());
        Assert.Equal(
            ["x.vel", "y.vel", "theta.vel"],
            profile
                .Dimensions.Where(dimension => dimension.Hold == HoldBehaviour.Zero)
                .Select(dimension => dimension.Name)
        );
    }

    [Theory]
    [InlineData("lekiwi://h", "names none of the host's: use lekiwi://HOST[:5555]/NAME")]
    [InlineData("lekiwi://h/front?rate=1", "'rate' is no option of it")]
    [InlineData("lekiwi://h/front?states=0", "states is '0'; allowed is 1 to 65535")]
    public void A_camera_that_is_written_wrongly_is_told_with_the_mend(string text, string said) =>
        Assert.Contains(said, Assert.Throws<CameraException>(() => CameraRegistry.Parse(text)).Message);

    private static LeKiwiRobot Robot(KiwiPeer host) => Robot(host.Address);

    private static LeKiwiRobot Robot(string text) =>
        (LeKiwiRobot)
            RobotRegistry
                .Parse(text, "/")
                .Make(new RobotContext(() => throw new InvalidOperationException(), TimeProvider.System))
                .Robot!;

    private static LeKiwiRobot Connected(KiwiPeer host)
    {
        var robot = Robot(host);
        robot.Connect(CancellationToken.None);
        return robot;
    }

    private static CameraSource Camera(KiwiPeer host, string name) =>
        CameraRegistry.Parse($"lekiwi://127.0.0.1:{host.CommandPort}/{name}?states={host.StatePort}");

    private static void Until(Func<bool> isSo) => Assert.True(SpinWait.SpinUntil(isSo, RobotPeer.Patience));
}
