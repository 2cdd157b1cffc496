using Vla.Actors.Scheduling;

namespace Vla.Runtime.Bench;

/// <summary>The real control clock, with a look at how late it wakes the loop.</summary>
/// <remarks>
/// The loop's own window of lateness holds percentiles; this keeps every value, so that shares and maxima are exact and
/// the warm-up is left out. Good for rates whose period is no longer than the loop's longest wait, 50 ms: there each
/// wait is for a deadline.
/// </remarks>
internal sealed class WatchedClock(IControlClock clock) : IControlClock
{
    private long[]? _lateNs;
    private int _count;

    public long NowNs => clock.NowNs;

    public void WaitUntil(long deadlineNs)
    {
        clock.WaitUntil(deadlineNs);
        var lateNs = clock.NowNs - deadlineNs;
        if (Volatile.Read(ref _lateNs) is not { } record || _count >= record.Length)
            return;

        record[_count] = lateNs;
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Keeps values from now on; called once.</summary>
    public void Record(int capacity) => Volatile.Write(ref _lateNs, new long[capacity]);

    public Samples Read() => new(_lateNs!.Take(Volatile.Read(ref _count)));
}
