using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Control;
using Vla.Sensors;

namespace Vla.Tests.Actors.Control;

public sealed class ControlClocksTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void The_machines_time_has_the_machines_clock() =>
        Assert.IsType<ControlClock>(ControlClocks.For(TimeProvider.System));

    [Fact]
    public async Task Any_other_time_is_waited_for_as_it_passes()
    {
        var clock = ControlClocks.For(_time);
        var dueNs = clock.NowNs + 20 * MonotonicTime.NsPerMs + 50;
        Assert.Equal(_time.NowNs(), clock.NowNs);

        var waiting = Task.Run(() => clock.WaitUntil(dueNs));
        // Whenever it is that the waiting begins: time passes until it ends.
        while (!waiting.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }

        await waiting;
        Assert.True(clock.NowNs >= dueNs);
    }

    [Fact]
    public void A_deadline_that_is_past_is_not_waited_for()
    {
        var (clock, nowNs) = (ControlClocks.For(_time), _time.NowNs());

        clock.WaitUntil(nowNs);

        Assert.Equal(nowNs, clock.NowNs);
    }
}
