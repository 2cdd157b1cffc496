using Vla.Actors.Control;

namespace Vla.Tests.Actors.Control;

public class ControlScheduleTests
{
    private const long Ms = 1_000_000;

    [Fact]
    public void Deadlines_follow_each_other_at_the_period()
    {
        var schedule = new ControlSchedule(50, startNs: 1_000 * Ms);

        var deadlines = new List<long>();
        for (var i = 0; i < 4; i++)
        {
            deadlines.Add(schedule.NextNs / Ms);
            schedule.Advance(schedule.NextNs + 3 * Ms);
        }

        Assert.Equal([1_000, 1_020, 1_040, 1_060], deadlines);
        Assert.Equal(0, schedule.Skipped);
    }

    [Fact]
    public void A_late_tick_does_not_move_the_phase()
    {
        var schedule = new ControlSchedule(100, startNs: 0);

        schedule.Advance(nowNs: 9 * Ms);

        Assert.Equal(10 * Ms, schedule.NextNs);
    }

    [Theory]
    [InlineData(10, 20, 1)]
    [InlineData(19, 20, 1)]
    [InlineData(20, 30, 2)]
    [InlineData(1_005, 1_010, 100)]
    public void Missed_deadlines_are_skipped_whole_and_counted(long doneMs, long nextMs, long skipped)
    {
        var schedule = new ControlSchedule(100, startNs: 0);

        schedule.Advance(doneMs * Ms);

        Assert.Equal(nextMs * Ms, schedule.NextNs);
        Assert.Equal(skipped, schedule.Skipped);
    }

    [Theory]
    [InlineData(20 * Ms, 200_000)]
    [InlineData(5 * Ms, 50_000)]
    [InlineData(2 * Ms, 20_000)]
    [InlineData(50 * Ms, 200_000)]
    [InlineData(-Ms, 0)]
    public void Waiting_awake_for_a_deadline_takes_a_hundredth_of_the_wait_at_most(long waitNs, long awakeNs) =>
        Assert.Equal(awakeNs, ControlClock.AwakeNs(waitNs));

    [Fact]
    public void The_control_clock_never_returns_before_its_deadline()
    {
        var clock = new ControlClock();
        for (var i = 0; i < 20; i++)
        {
            var deadline = clock.NowNs + 300_000;
            clock.WaitUntil(deadline);
            Assert.True(clock.NowNs >= deadline);
        }

        clock.WaitUntil(clock.NowNs - 1);
    }
}
