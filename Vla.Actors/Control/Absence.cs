using System.Globalization;
using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>
/// Notices that the control loop was away: the process was paused, the machine slept, or something held the thread up.
/// </summary>
/// <remarks>
/// Meanwhile the robot was told nothing and may have been moved: what was known before counts no more. For one thread.
/// </remarks>
/// <param name="clock">Tells how long the machine has slept.</param>
/// <param name="periodNs">From one tick to the next, nanoseconds.</param>
internal sealed class Absence(IControlClock clock, long periodNs)
{
    /// <summary>
    /// A tick may be so late: longer than a busy machine keeps a thread waiting, shorter than any deadman.
    /// </summary>
    public const long AllowedNs = 75 * MonotonicTime.NsPerMs;

    private long? _lastNs;
    private long _sleptNs;
    private int _count;
    private string _newest = "";

    /// <summary>How long the machine has slept since the clock's origin, as of the last look, nanoseconds.</summary>
    public long SleptNs => _sleptNs;

    /// <summary>How often the loop was away. May be read from any thread.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The newest absence in words; empty when there was none. May be read from any thread.</summary>
    public string Newest => Volatile.Read(ref _newest);

    /// <summary>True when so much time between two looks is an absence.</summary>
    public bool IsTooLong(long gapNs) => gapNs > periodNs + AllowedNs;

    /// <summary>Looks, at every tick, how long ago the last one was.</summary>
    /// <returns>How long the loop was away, nanoseconds, sleep of the machine included; 0 when it was not.</returns>
    public long Look(long nowNs)
    {
        var sleptNs = clock.SleptNs;
        var gapNs = _lastNs is { } lastNs ? nowNs - lastNs + sleptNs - _sleptNs : 0;
        (_lastNs, _sleptNs) = (nowNs, sleptNs);
        if (!IsTooLong(gapNs))
            return 0;

        Volatile.Write(
            ref _newest,
            string.Create(
                CultureInfo.InvariantCulture,
                $"the controller was away for {gapNs / MonotonicTime.NsPerMs} ms (paused, asleep or held up)"
            )
        );
        Interlocked.Increment(ref _count);
        return gapNs;
    }
}
