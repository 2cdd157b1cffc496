using Microsoft.Extensions.Time.Testing;
using OpenCvSharp;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Drawing;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Sensors.Simulation;

public sealed class LiveWorldTests
{
    private static readonly WorldAction ToTheRight = new(0.02f, 0, 0, 0, 0, 0, 1);

    private readonly FakeTimeProvider _time = new();
    private readonly LiveWorld _world;

    public LiveWorldTests() => _world = new LiveWorld(Laid(), _time);

    [Fact]
    public void Actions_sent_50_times_a_second_move_the_arm_as_a_step_does()
    {
        for (var i = 0; i < 5; i++)
        {
            _world.Command(ToTheRight);
            _time.Advance(TimeSpan.FromMilliseconds(20));
        }

        var stepped = Laid();
        stepped.Step(ToTheRight);
        Assert.Equal(Everything(stepped), Everything(_world.Observe()));
    }

    [Fact]
    public void An_arm_that_is_told_nothing_more_stops()
    {
        _world.Command(ToTheRight);
        _time.Advance(TimeSpan.FromMilliseconds(600));
        var stopped = _world.Observe().Gripper;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0.06, stopped.X, 3);
        Assert.Equal(stopped.X, _world.Observe().Gripper.X, 4);
    }

    [Fact]
    public void A_held_block_stays_held_when_no_more_actions_come()
    {
        var world = new LiveWorld(With(Hand(0, 0, 0.1, Block.Size, held: 0), Cube(Red, 0, 0, z: 0.1)), _time);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(world.Observe().Gripper.Holds);
    }

    [Fact]
    public void A_machine_that_slept_does_not_catch_up_with_the_night()
    {
        _world.Command(ToTheRight);
        _time.Advance(TimeSpan.FromHours(8));

        Assert.Equal(2, _world.Observe().Seconds, 2);
    }

    [Fact]
    public void What_was_observed_does_not_change_until_it_is_observed_anew()
    {
        var seen = _world.Observe();
        var before = Everything(seen);
        _world.Command(ToTheRight);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        _world.ReadState(new float[7]);

        Assert.Equal(before, Everything(seen));
        Assert.Same(seen, _world.Observe(seen));
        Assert.NotEqual(before, Everything(seen));
    }

    [Fact]
    public void A_reset_begins_another_episode()
    {
        var seen = _world.Observe();
        _world.Command(ToTheRight);
        _world.Reset(Tabletop.Create(3, WorldLevel.Level2));
        _time.Advance(TimeSpan.FromMilliseconds(100));

        var fresh = _world.Observe(seen);

        Assert.NotSame(seen, fresh);
        Assert.Equal((3, 10, 0), (fresh.Seed, fresh.Quanta, fresh.Gripper.SpeedX));
    }

    [Fact]
    public void A_camera_films_it_at_its_rate()
    {
        using WorldCamera camera = new WorldCamera(
            _world,
            WorldView.Front,
            64,
            48,
            30,
            _time,
            duration => _time.Advance(duration)
        );
        using var picture = new Mat();
        using var expected = new Mat();
        var startNs = camera.Read(picture);
        _world.Command(ToTheRight);

        var capturedNs = camera.Read(picture);

        Assert.InRange(capturedNs - startNs, 33 * MonotonicTime.NsPerMs, 35 * MonotonicTime.NsPerMs);
        using var renderer = new TabletopRenderer(64, 48);
        renderer.Draw(_world.Observe(), expected);
        Assert.Equal(0, Cv2.Norm(picture, expected));
        Assert.Equal(new CameraDescription("world", 64, 48, 30), camera.Description);
    }

    [Fact]
    public void Both_cameras_take_their_pictures_at_the_same_moments_of_the_same_state_however_late_one_of_them_is()
    {
        using var front = new WorldCamera(
            _world,
            WorldView.Front,
            64,
            48,
            30,
            _time,
            duration => _time.Advance(duration)
        );
        using var wrist = new WorldCamera(
            _world,
            WorldView.Wrist,
            64,
            48,
            30,
            _time,
            duration => _time.Advance(duration)
        );
        using var picture = new Mat();
        using var expected = new Mat();
        using var renderer = new TabletopRenderer(64, 48, WorldView.Wrist);
        for (var i = 0; i < 5; i++)
        {
            _world.Command(ToTheRight);
            var capturedNs = front.Read(picture);
            var seen = _world.Observe();
            _time.Advance(TimeSpan.FromMilliseconds(15));

            Assert.Equal(capturedNs, wrist.Read(picture));
            renderer.Draw(seen, expected);
            Assert.Equal(0, Cv2.Norm(picture, expected));
        }
    }

    [Fact]
    public void A_camera_of_half_the_rate_takes_every_other_moment()
    {
        using var front = new WorldCamera(
            _world,
            WorldView.Front,
            64,
            48,
            30,
            _time,
            duration => _time.Advance(duration)
        );
        using var wrist = new WorldCamera(
            _world,
            WorldView.Wrist,
            64,
            48,
            15,
            _time,
            duration => _time.Advance(duration)
        );
        using var picture = new Mat();
        for (var i = 0; i < 4; i++)
        {
            var capturedNs = front.Read(picture);
            Assert.Equal(capturedNs, wrist.Read(picture));
            front.Read(picture);
        }
    }

    [Fact]
    public void An_arm_that_is_told_to_hold_stays_with_its_jaw_as_it_was_told()
    {
        _world.Command(ToTheRight with { Gripper = 0.5f });
        _time.Advance(TimeSpan.FromMilliseconds(200));
        _world.Hold();
        _time.Advance(TimeSpan.FromSeconds(1));
        var held = _world.Observe().Gripper;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(held.X, _world.Observe().Gripper.X, 6);
        Assert.Equal(0.5 * Gripper.JawOpen, held.Jaw, 3);
    }

    [Fact]
    public void A_pictures_moment_can_be_felt_again_later()
    {
        using var camera = new WorldCamera(
            _world,
            WorldView.Front,
            64,
            48,
            30,
            _time,
            duration => _time.Advance(duration)
        );
        using var picture = new Mat();
        _world.Command(ToTheRight);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        var capturedNs = camera.Read(picture);
        var then = new float[7];
        _world.ReadState(then);
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(20));
            _world.Command(ToTheRight);
        }

        var felt = new float[7];

        Assert.True(_world.TryReadState(capturedNs, felt));
        Assert.Equal(then, felt);
        Assert.True(_world.TryReadState(capturedNs + 5 * MonotonicTime.NsPerMs, felt));
        Assert.Equal(then, felt);
        _world.ReadState(felt);
        Assert.NotEqual(then, felt);
    }

    [Fact]
    public void What_was_felt_long_ago_is_forgotten()
    {
        var beganNs = _time.NowNs();
        for (var i = 0; i < StateRing.DefaultLength; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(20));
            _world.Hold();
        }

        Assert.False(_world.TryReadState(beganNs, new float[7]));
        Assert.True(_world.TryReadState(_time.NowNs(), new float[7]));
    }

    [Fact]
    public void A_judge_looks_whenever_time_has_gone_by_and_at_each_new_table()
    {
        var looks = new List<(long Seed, double Seconds)>();
        _world.Watch(table => looks.Add((table.Seed, Math.Round(table.Seconds, 2))));
        _time.Advance(TimeSpan.FromMilliseconds(50));
        _world.Hold();
        _time.Advance(TimeSpan.FromMilliseconds(50));
        _world.Observe();

        _world.Reset(Tabletop.Create(3, WorldLevel.Level2));

        Assert.Equal([(0, 0), (0, 0.05), (0, 0.1), (0, 0.1), (3, 0)], looks);
        Assert.Equal(_time.NowNs(), _world.EpisodeBeganNs);
    }

    private static Tabletop Laid() => With(Hand(0, 0, 0.1), Cube(Red, 0, 0.15));
}
