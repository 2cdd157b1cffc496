using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Cameras;
using Vla.Actors.Control;
using Vla.Actors.Observations;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
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
        for (var n = 0; n < 100; n++)
            Picture(same: false);

        Assert.Equal((CameraState.Streaming, null), (_monitor.State, _control.Blindness));
    }

    [Fact]
    public void The_same_picture_for_longer_than_a_picture_may_be_old_is_a_frozen_camera()
    {
        Picture(same: false);
        for (var n = 0; n < 6; n++)
            Picture(same: true);
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
        for (var n = 0; n < 50; n++)
            Picture(same: true, watch);
        Assert.Null(control.Blindness);

        Move(control);
        for (var n = 0; n < 7; n++)
            Picture(same: true, watch);
        Assert.Null(control.Blindness);
        Picture(same: true, watch);

        Assert.NotNull(control.Blindness);
    }

    [Fact]
    public void No_picture_for_longer_than_one_may_be_old_is_a_silent_camera()
    {
        for (var n = 0; n < 10; n++)
            Picture(same: false);

        _time.Advance(TimeSpan.FromMilliseconds(200));
        _watch.Look();
        Assert.Null(_control.Blindness);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _watch.Look();

        Assert.Equal(
            (CameraState.Silent, "the camera is silent: no picture comes"),
            (_monitor.State, _control.Blindness)
        );
        Picture(same: false);
        Assert.Equal((CameraState.Streaming, null), (_monitor.State, _control.Blindness));
    }

    [Fact]
    public void A_slow_camera_is_not_silent_between_its_pictures()
    {
        for (var n = 0; n < 20; n++)
            Picture(same: false, spacingMs: 150);

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

    [Fact]
    public void Of_several_cameras_each_that_is_gone_is_named_and_all_must_be_back()
    {
        var spots = new BlindSpots(_control, 2);
        var sets = new ObservationSource(["front", "wrist"], 0);
        var (front, wrist) = (new CameraMonitor("front", isOnly: false), new CameraMonitor("wrist", isOnly: false));
        var watches = new[] { front, wrist }.Select((camera, i) => Watch(camera, spots, i, sets)).ToList();

        (wrist.State, wrist.LastError) = (CameraState.Lost, "unplugged");
        watches[1].Look();
        Assert.Equal("the camera wrist is lost: unplugged", _control.Blindness);
        (front.State, front.LastError) = (CameraState.Ended, "video 'x' has ended");
        watches[0].Look();
        Assert.Equal(
            "the camera front has ended: video 'x' has ended; the camera wrist is lost: unplugged",
            _control.Blindness
        );
        (wrist.State, wrist.NewestNs) = (CameraState.Streaming, _time.NowNs());
        watches[1].Look();
        Assert.Equal("the camera front has ended: video 'x' has ended", _control.Blindness);
        (front.State, front.NewestNs) = (CameraState.Streaming, _time.NowNs());
        watches[0].Look();
        Assert.Null(_control.Blindness);
    }

    [Fact]
    public void A_camera_whose_pictures_make_no_set_for_longer_than_a_picture_may_be_old_is_behind()
    {
        var sets = new ObservationSource(["front", "wrist"], 50 * MonotonicTime.NsPerMs);
        var (front, wrist) = (new CameraMonitor("front", isOnly: false), new CameraMonitor("wrist", isOnly: false));
        var spots = new BlindSpots(_control, 2);
        var watches = new[] { front, wrist }.Select((camera, i) => Watch(camera, spots, i, sets)).ToList();
        var cells = new OneFrame[] { new(), new() };
        for (var i = 0; i < 2; i++)
            sets.Places[i].Use(cells[i]);
        sets.Want(Akka.Actor.ActorRefs.Nobody);

        // The wrist's pictures come as often, and 90 ms late.
        for (var n = 0; n < 7; n++)
            Both();
        Assert.Null(_control.Blindness);
        for (var n = 0; n < 2; n++)
            Both();

        Assert.Equal((CameraState.Streaming, CameraState.Behind), (front.State, wrist.State));
        Assert.Equal(
            "the camera wrist is behind: its pictures are 90 ms older than those of front, and may be 50 ms "
                + "(--max-skew)",
            _control.Blindness
        );

        cells[1].Put(_time.NowNs());
        sets.Places[1].Arrived();
        watches[1].Look();
        Assert.Equal((CameraState.Streaming, null), (wrist.State, _control.Blindness));

        void Both()
        {
            _time.Advance(TimeSpan.FromMilliseconds(30));
            var nowNs = _time.NowNs();
            cells[1].Put(nowNs - 90 * MonotonicTime.NsPerMs);
            cells[0].Put(nowNs);
            foreach (var (camera, i) in new[] { front, wrist }.Select((camera, i) => (camera, i)))
            {
                if (camera.State == CameraState.Opening)
                    camera.State = CameraState.Streaming;
                (camera.NewestNs, camera.SameSinceNs) = (nowNs, nowNs);
                sets.Places[i].Arrived();
                watches[i].Look();
            }
        }
    }

    private CameraWatch Watch(CameraMonitor camera, BlindSpots spots, int place, ObservationSource sets) =>
        new(camera, _control, _time, NullLogger.Instance, spots, place, sets);

    /// <summary>A camera's newest frame.</summary>
    private sealed class OneFrame : IFrameCell
    {
        private readonly FramePool _pool = new(new ImageSpec(2, 2, [0, 0, 0], [1, 1, 1]));
        private Frame? _newest;

        public void Put(long capturedNs)
        {
            _newest?.Dispose();
            _newest = _pool.Rent();
            _newest.CapturedNs = capturedNs;
        }

        public Frame? TakeNewest() => Interlocked.Exchange(ref _newest, null);

        public void Replace(Frame unseen) => unseen.Dispose();
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
        if (!same)
            _sameSinceNs = nowNs;
        (_monitor.NewestNs, _monitor.SameSinceNs) = (nowNs, _sameSinceNs);
        (watch ?? _watch).FrameArrived(nowNs, beforeNs);
    }
}
