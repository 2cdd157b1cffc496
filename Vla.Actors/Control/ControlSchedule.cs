using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>When the next tick is due: an absolute schedule that never drifts.</summary>
/// <remarks>
/// A deadline that was missed is not made up for: whole periods are skipped and counted, and the phase stays, so a late
/// tick is followed by one at its proper time and never by a burst.
/// </remarks>
internal sealed class ControlSchedule
{
    private long _skipped;

    /// <param name="rateHz">Ticks a second, above 0.</param>
    /// <param name="startNs">The first deadline, monotonic nanoseconds.</param>
    public ControlSchedule(double rateHz, long startNs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rateHz);
        PeriodNs = (long)Math.Round(MonotonicTime.NsPerSecond / rateHz);
        NextNs = startNs;
    }

    public long PeriodNs { get; }

    /// <summary>The deadline to wait for, monotonic nanoseconds.</summary>
    public long NextNs { get; private set; }

    /// <summary>Periods in which no tick happened.</summary>
    public long Skipped => Interlocked.Read(ref _skipped);

    /// <summary>
    /// The tick due at <see cref="NextNs"/> is done: goes to the first deadline that is still to come.
    /// </summary>
    /// <param name="nowNs">The time after the tick's work.</param>
    public void Advance(long nowNs)
    {
        NextNs += PeriodNs;
        if (NextNs > nowNs)
            return;
        var missed = (nowNs - NextNs) / PeriodNs + 1;
        NextNs += missed * PeriodNs;
        Interlocked.Add(ref _skipped, missed);
    }
}
