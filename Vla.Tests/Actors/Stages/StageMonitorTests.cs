using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Stages;

namespace Vla.Tests.Actors.Stages;

public sealed class StageMonitorTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void The_delay_doubles_with_every_failure_up_to_a_limit()
    {
        var monitor = new StageMonitor("vision", _time);

        var delays = Enumerable.Range(0, 12).Select(_ => FailAndRestart(monitor).TotalMilliseconds).ToArray();

        Assert.Equal([20, 40, 80, 160, 320, 640, 1280, 2560, 5000, 5000, 5000, 5000], delays);
        Assert.Equal(12, monitor.Restarts);
    }

    [Fact]
    public void A_stage_that_ran_for_long_is_forgiven()
    {
        var monitor = new StageMonitor("vision", _time);
        for (var i = 0; i < 5; i++)
            FailAndRestart(monitor);

        _time.Advance(StageMonitor.ForgiveAfter + TimeSpan.FromMilliseconds(1));

        Assert.Equal(StageMonitor.FirstDelay, FailAndRestart(monitor));
    }

    [Fact]
    public void The_last_error_is_one_line()
    {
        var monitor = new StageMonitor("vision", _time);

        monitor.Failed("first\nsecond");

        Assert.Equal("first second", monitor.LastError);
        Assert.Equal(StageState.BackingOff, monitor.State);
    }

    private static TimeSpan FailAndRestart(StageMonitor monitor)
    {
        monitor.Failed("broken");
        return monitor.Restarting();
    }
}
