using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>
/// The control loop's clock for a <see cref="TimeProvider"/>: everything of a controller goes by one time.
/// </summary>
internal static class ControlClocks
{
    /// <summary>
    /// The machine's own clock, exact to some 0.1 ms, for <see cref="TimeProvider.System"/>; else one that goes by the
    /// given time.
    /// </summary>
    public static IControlClock For(TimeProvider time) =>
        time == TimeProvider.System ? new ControlClock() : new GivenClock(time);

    /// <summary>Waits as the given time's timers do: a test's or a replay's.</summary>
    private sealed class GivenClock(TimeProvider time) : IControlClock
    {
        public long NowNs => time.NowNs();

        public void WaitUntil(long deadlineNs)
        {
            while (deadlineNs - NowNs is > 0 and var leftNs)
            {
                using var due = new ManualResetEventSlim();
                // A tick of .NET's time is 100 ns: rounded up, or the rest would be waited for in vain.
                var left = TimeSpan.FromTicks((leftNs + TimeSpan.NanosecondsPerTick - 1) / TimeSpan.NanosecondsPerTick);
                using var timer = time.CreateTimer(_ => due.Set(), null, left, Timeout.InfiniteTimeSpan);
                due.Wait();
            }
        }
    }
}
