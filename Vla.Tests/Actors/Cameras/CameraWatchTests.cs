using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Cameras;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Cameras;

/// <summary>Pictures every 30 ms of the test's clock; an action's picture may be 200 ms old.</summary>
public sealed class CameraWatchTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly CameraMonitor _monitor = new() { State = CameraState.Streaming };
    private readonly ControlLoop _control;
    private readonly CameraWatch _watch;
    private long _sameSinceNs;

    public CameraWatchTests()
    {
        _control = new ControlLoop(Make.Profile(), new ControlOptions(), [new FakeRobot()], new ManualClock());
        _watch = new CameraWatch(_monitor, _control, _time, NullLogger.Instance);
        Move(_control);
    }

    public void Dispose() => _control.Dispose();

    [Fact]
    public void Pictures_that_differ_keep_the_robot_free()
    {
        for (var n = 0; n < 100; n++) Picture(same: false);

        Assert.Equal((CameraState.Streaming, null), (_monitor.State, _control.Blindness));
    }

    [Fact]
    public void The_same_picture_for_longer_than_a_picture_may_be_old_is_a_frozen_camera()
    {
        Picture(same: false);
        for (var n = 0; n < 6; n++) Picture(same: true);
        Assert.Null(_control.Blindness);

        Picture(same: true);

        Assert.Equal(CameraState.Frozen, _monitor.State);
        Assert.Equal("the camera is frozen: the same picture comes again and again", _control.Blindness);
        _watch.Look();
        Assert.Equal(CameraState.Frozen, _monitor.State);
        Picture(same: false);
        Assert.Equal((CameraState.Streaming, null), (_monitor.State, _control.Blindness));
    }

    [Fact]
    public void Before_the_robot_moves_nobody_has_followed_a_frozen_picture()
    {
        using var control = new ControlLoop(Make.Profile(), new ControlOptions(), [new FakeRobot()], new ManualClock());
        var watch = new CameraWatch(_monitor, control, _time, NullLogger.Instance);
        Picture(same: false, watch);
        for (var n = 0; n < 50; n++) Picture(same: true, watch);
        Assert.Null(control.Blindness);

        Move(control);
        for (var n = 0; n < 7; n++) Picture(same: true, watch);
        Assert.Null(control.Blindness);
        Picture(same: true, watch);

        Assert.NotNull(control.Blindness);
    }

    [Fact]
    public void No_picture_for_longer_than_one_may_be_old_is_a_silent_camera()
    {
        for (var n = 0; n < 10; n++) Picture(same: false);

        _time.Advance(TimeSpan.FromMilliseconds(200));
        _watch.Look();
        Assert.Null(_control.Blindness);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _watch.Look();

        Assert.Equal((CameraState.Silent, "the camera is silent: no picture comes"), (_monitor.State, _control.Blindness));
        Picture(same: false);
        Assert.Equal((CameraState.Streaming, null), (_monitor.State, _control.Blindness));
    }

    [Fact]
    public void A_slow_camera_is_not_silent_between_its_pictures()
    {
        for (var n = 0; n < 20; n++) Picture(same: false, spacingMs: 150);

        _time.Advance(TimeSpan.FromMilliseconds(400));
        _watch.Look();
        Assert.Null(_control.Blindness);
        _time.Advance(TimeSpan.FromMilliseconds(400));
        _watch.Look();

        Assert.NotNull(_control.Blindness);
    }

    [Theory]
    [InlineData(CameraState.Lost, "unplugged", "the camera is lost: unplugged")]
    [InlineData(CameraState.Ended, "video 'x' has ended", "video 'x' has ended")]
    public void A_camera_that_is_gone_leaves_nothing_to_move_by(CameraState state, string error, string expected)
    {
        Picture(same: false);
        (_monitor.State, _monitor.LastError) = (state, error);

        _watch.Look();

        Assert.Equal(expected, _control.Blindness);
        _monitor.State = CameraState.Streaming;
        Picture(same: false);
        Assert.Null(_control.Blindness);
    }

    [Fact]
    public void A_camera_that_is_still_lost_says_its_newest_reason()
    {
        (_monitor.State, _monitor.LastError) = (CameraState.Lost, "unplugged");
        _watch.Look();
        _monitor.LastError = "in use by another program";
        _watch.Look();

        Assert.Equal("the camera is lost: in use by another program", _control.Blindness);
    }

    /// <summary>One tick that follows the policy.</summary>
    private static void Move(ControlLoop control)
    {
        const long nowNs = 1_000 * MonotonicTime.NsPerSecond;
        control.Offer(Make.Action(nowNs, 0.25f, 0.75f));
        control.Tick(nowNs);
        Assert.Equal(ControlState.Policy, control.Last!.State);
    }

    private void Picture(bool same, CameraWatch? watch = null, int spacingMs = 30)
    {
        _time.Advance(TimeSpan.FromMilliseconds(spacingMs));
        var (beforeNs, nowNs) = (_monitor.NewestNs, _time.NowNs());
        if (!same) _sameSinceNs = nowNs;
        (_monitor.NewestNs, _monitor.SameSinceNs) = (nowNs, _sameSinceNs);
        (watch ?? _watch).FrameArrived(nowNs, beforeNs);
    }
}
