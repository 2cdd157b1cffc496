using Vla.Actors.Scheduling;
using Vla.Runtime.Bench;
using Vla.Sensors;

namespace Vla.Tests.Runtime.Bench;

public sealed class TickRecorderTests
{
    private const long Ms = MonotonicTime.NsPerMs;

    [Fact]
    public void Early_counts_like_late()
    {
        var ticks = new TickRecorder(100, 10 * Ms, 10);

        ticks.Tick(11 * Ms);
        ticks.Tick(18 * Ms);

        Assert.Equal(2 * Ms, ticks.Read().MaximumNs);
        Assert.Equal(1 * Ms, ticks.Read().PercentileNs(50));
    }

    [Fact]
    public void A_timer_that_lost_periods_is_late_once_and_then_back_in_step()
    {
        var ticks = new TickRecorder(100, 10 * Ms, 10);

        ticks.Tick(41 * Ms); // Serves 10 ms; 20, 30 and 40 ms are skipped.
        ticks.Tick(51 * Ms);

        Assert.Equal(1 * Ms, ticks.Read().PercentileNs(50));
        Assert.Equal(31 * Ms, ticks.Read().MaximumNs);
    }

    [Fact]
    public void What_no_longer_fits_is_left_out()
    {
        var ticks = new TickRecorder(100, 0, 2);

        for (var i = 0; i < 5; i++)
            ticks.Tick(i * 10 * Ms);

        Assert.Equal(2, ticks.Read().Count);
    }

    [Fact]
    public void A_watched_clock_keeps_how_late_it_was_from_when_it_is_told_to()
    {
        var clock = new LateClock();
        var watched = new WatchedClock(clock);

        watched.WaitUntil(1 * Ms);
        watched.Record(capacity: 2);
        foreach (var late in (long[])[3, 1, 9])
        {
            clock.LateNs = late * Ms;
            watched.WaitUntil(watched.NowNs + Ms);
        }

        Assert.Equal(2, watched.Read().Count);
        Assert.Equal(3 * Ms, watched.Read().MaximumNs);
    }

    private sealed class LateClock : IControlClock
    {
        public long NowNs { get; private set; }

        public long LateNs { get; set; }

        public void WaitUntil(long deadlineNs) => NowNs = deadlineNs + LateNs;
    }
}
