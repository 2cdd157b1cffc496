using Vla.Sensors;

namespace Vla.Runtime.Networks;

/// <summary>
/// Places what carries another machine's time of day in monotonic time, where the two machines' clocks agree.
/// </summary>
/// <remarks>
/// They agree when the quickest message of the last half minute took no less than nothing and no more than
/// <see cref="MostAgreedMs"/>. Where they do not, no age can be read off the stamps, and none is made up:
/// <see cref="Remark"/> says so, and the times count among themselves only.
/// </remarks>
/// <param name="time">This machine's clocks.</param>
internal sealed class WallClock(TimeProvider time)
{
    /// <summary>A message that took longer than this on its quickest way comes from another time.</summary>
    public const int MostAgreedMs = 500;

    /// <summary>So far ahead another clock may be and still agree: clocks kept by NTP differ by this.</summary>
    public const int MostAheadMs = 20;

    private const int SettledAfter = 5;
    private const long WindowNs = 30 * MonotonicTime.NsPerSecond;
    private const long NsPerTick = 100;

    private long _quickestNs = long.MaxValue;
    private long _quickestBeforeNs = long.MaxValue;
    private long _windowEndNs = long.MinValue;
    private int _seen;
    private bool _disagrees;

    /// <summary>What is wrong with the other clock, in words; null while nothing is.</summary>
    public string? Remark { get; private set; }

    /// <summary>When a message was true.</summary>
    /// <param name="stampNs">By the other machine, nanoseconds since 1970.</param>
    /// <param name="arrivedNs">When it came, monotonic nanoseconds.</param>
    /// <returns>
    /// Monotonic nanoseconds, never after it came; null where the clocks disagree, or it is not known yet whether they
    /// do.
    /// </returns>
    public long? Place(long stampNs, long arrivedNs)
    {
        var sinceNs = time.NowNs() - arrivedNs;
        var nowNs = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * NsPerTick - sinceNs;
        var ageNs = nowNs - stampNs;
        if (arrivedNs > _windowEndNs)
        {
            (_quickestBeforeNs, _quickestNs) = (_quickestNs, long.MaxValue);
            _windowEndNs = arrivedNs + WindowNs;
        }

        _quickestNs = Math.Min(_quickestNs, ageNs);
        var quickestNs = Math.Min(_quickestNs, _quickestBeforeNs);
        var agrees = quickestNs is >= -MostAheadMs * MonotonicTime.NsPerMs and <= MostAgreedMs * MonotonicTime.NsPerMs;
        _seen = Math.Min(_seen + 1, SettledAfter);
        if (agrees)
        {
            (Remark, _disagrees) = (null, false);
            return arrivedNs - Math.Max(0, ageNs);
        }

        if (_seen < SettledAfter)
            return null;
        if (!_disagrees)
        {
            _disagrees = true;
            Remark =
                $"its clock is {Apart(Math.Abs(quickestNs))} {(quickestNs < 0 ? "ahead of" : "behind")} this "
                + "machine's: how old it is when it comes is not known; let both machines keep time (NTP)";
        }

        return null;
    }

    /// <summary>Whether it is known by now that the clocks disagree.</summary>
    public bool Disagrees => _disagrees;

    private static string Apart(long ns)
    {
        var apart = TimeSpan.FromTicks(ns / NsPerTick);
        return apart switch
        {
            { TotalDays: > 2 } => FormattableString.Invariant($"{apart.TotalDays:0} days"),
            { TotalSeconds: > 10 } => FormattableString.Invariant($"{apart.TotalSeconds:0} s"),
            _ => FormattableString.Invariant($"{apart.TotalMilliseconds:0} ms"),
        };
    }
}
