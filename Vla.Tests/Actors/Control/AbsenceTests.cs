using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Control;

/// <summary>
/// After a pause of the process, or a sleep of the machine, nothing from before counts; 10 ms from tick to tick.
/// </summary>
public sealed class AbsenceTests : IDisposable
{
    private const double TickMs = 10;

    private readonly ManualClock _clock = new();
    private readonly FakeRobot _robot = new();
    private readonly ControlLoop _loop;

    public AbsenceTests() => _loop = Loop(ResumeAfterStop.Auto);

    public void Dispose() => _loop.Dispose();

    [Theory]
    [InlineData(100, ControlState.Hold)]
    [InlineData(300, ControlState.Hold)]
    [InlineData(700, ControlState.Stop)]
    [InlineData(3_000, ControlState.Stop)]
    [InlineData(20_000, ControlState.Stop)]
    public void After_a_pause_the_first_message_is_a_hold_or_a_stop_whatever_was_planned(
        int pausedMs,
        ControlState first
    )
    {
        Drive();
        // Two plans that would be carried out for a minute: one is in force, one waits for the tick.
        _loop.Offer(Make.Chunk(_clock.NowNs, 2, stepMs: 30_000, 0.25f, 0.75f, 0.25f, 0.75f));

        _clock.Advance(pausedMs);
        var action = Tick();

        Assert.Equal((first, 0), (action.State, action.Values[0]));
        Assert.Equal(
            $"the controller was away for {pausedMs + TickMs:0} ms (paused, asleep or held up)",
            action.Reason.Split("; ")[0]
        );
        Assert.Equal((1, action.Reason.Split("; ")[0]), (_loop.Snapshot().Absences, _loop.Snapshot().LastAbsence));
    }

    [Fact]
    public void It_goes_on_with_a_picture_taken_since_and_with_none_from_before()
    {
        Drive();
        var before = _clock.NowNs;
        _clock.Advance(300);
        Tick();

        _loop.Offer(Make.Action(before + 5_000_000, 0.25f, 0.75f));
        Assert.Equal(ControlState.Hold, Tick().State);
        Assert.Equal("the action's picture is from before the controller was back", _loop.Snapshot().LastRefusal);
        Drive();
    }

    [Fact]
    public void A_pause_longer_than_a_short_stop_waits_for_somebody()
    {
        Drive();
        _clock.Advance(3_000);
        Assert.Contains("resume to go on", Tick().Reason, StringComparison.Ordinal);
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
        Assert.Equal(ControlState.Stop, Tick().State);

        _loop.Resume();
        Tick();
        Drive();
    }

    [Fact]
    public void A_machine_that_slept_is_a_pause_though_its_clock_stood_still()
    {
        Drive();
        _loop.Offer(Make.Chunk(_clock.NowNs, 2, stepMs: 30_000, 0.25f, 0.75f, 0.25f, 0.75f));

        _clock.Sleep(60_000);
        var action = Tick();

        Assert.Equal(ControlState.Stop, action.State);
        Assert.Contains("away for 60010 ms", action.Reason, StringComparison.Ordinal);
        Assert.Contains("resume to go on", action.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tick_that_is_paused_halfway_chooses_again()
    {
        Drive();
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
        var began = _clock.NowNs + 10_000_000;
        _clock.Advance(310);

        _loop.Tick(began);

        Assert.Equal((ControlState.Hold, _clock.NowNs), (_robot.Last.State, _robot.Last.PublishedNs));
        Assert.Equal(_robot.Applied.Select((_, i) => i + 1L), _robot.Applied.Select(action => action.Sequence));
    }

    [Fact]
    public void A_tick_that_is_late_on_a_busy_machine_is_no_pause()
    {
        Drive();
        _clock.Advance(70);
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));

        Assert.Equal(ControlState.Policy, Tick().State);
        Assert.Equal(0, _loop.Snapshot().Absences);
    }

    [Fact]
    public void Before_the_first_action_a_pause_stops_nobody_and_nothing_seen_before_it_counts()
    {
        Tick();
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
        _clock.Advance(150);

        Assert.Equal(ControlState.Hold, Tick().State);
        Drive();
    }

    [Fact]
    public void What_waited_at_a_robots_own_thread_through_a_pause_is_not_applied()
    {
        using var inside = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var robot = new FakeRobot
        {
            MayBlock = true,
            QueueCapacity = 8,
            Before = action =>
            {
                if (action.Sequence != 1)
                    return;
                inside.Set();
                release.Wait();
            },
        };
        using var output = RobotOutput.For(robot, _clock, 10_000_000);
        output.Send(Make.Published(1, ControlState.Policy, _clock.NowNs));
        Assert.True(inside.Wait(TimeSpan.FromSeconds(20)));
        output.Send(Make.Published(2, ControlState.Policy, _clock.NowNs));
        output.Send(Make.Published(3, ControlState.Stop, _clock.NowNs));
        _clock.Advance(101);
        output.Send(Make.Published(4, ControlState.Policy, _clock.NowNs));
        release.Set();
        robot.Await(3);

        Assert.Equal([1, 3, 4], robot.Applied.Select(action => action.Sequence));
        Assert.Equal(1, output.Snapshot().Dropped);
        output.Finish(Make.Published(5, ControlState.Stop, _clock.NowNs));
        robot.AwaitClosed();
    }

    /// <summary>The robot follows a fresh action.</summary>
    private void Drive()
    {
        _clock.Advance(1);
        _loop.Offer(Make.Action(_clock.NowNs, 0.25f, 0.75f));
        Assert.Equal(ControlState.Policy, Tick().State);
    }

    private PublishedAction Tick()
    {
        _clock.Advance(TickMs);
        _loop.Tick(_clock.NowNs);
        return _robot.Last;
    }

    private ControlLoop Loop(ResumeAfterStop resume) =>
        new(
            Make.Profile(),
            new ControlOptions
            {
                RateHz = 1_000 / TickMs,
                MaximumActionAgeMs = 60_000,
                MaximumChunkAgeMs = 60_000,
                ResumeAfterStop = resume,
            },
            [_robot],
            _clock
        );
}
