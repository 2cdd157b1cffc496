namespace Vla.Sensors.Cameras;

/// <summary>Holds a played source to its schedule: waits until an absolute monotonic time.</summary>
/// <param name="time">The clock.</param>
/// <param name="sleep">Sleeps about so long; tests advance their clock instead.</param>
internal sealed class FramePacer(TimeProvider time, Action<TimeSpan>? sleep = null)
{
    private readonly Action<TimeSpan> _sleep = sleep ?? Thread.Sleep;

    public long NowNs => time.NowNs();

    /// <summary>
    /// Returns at <paramref name="dueNs"/> or a little later, never before: a picture is not from the future.
    /// </summary>
    public void WaitUntil(long dueNs)
    {
        for (var remaining = dueNs - NowNs; remaining > 0; remaining = dueNs - NowNs)
        {
            var ms = (remaining + MonotonicTime.NsPerMs - 1) / MonotonicTime.NsPerMs;
            _sleep(TimeSpan.FromMilliseconds(ms));
        }
    }
}
