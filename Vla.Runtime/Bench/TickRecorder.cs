using Vla.Actors.Control;

namespace Vla.Runtime.Bench;

/// <summary>Notes how far each tick of a timer is off the schedule that it should keep.</summary>
/// <remarks>
/// The schedule is the control loop's own: a tick serves the oldest deadline not yet served, and whole periods that it
/// missed are skipped. Without that, a timer that once lost a period would count as late ever after. Called by one
/// thread at a time; allocates nothing while it records.
/// </remarks>
internal sealed class TickRecorder(double rateHz, long firstDeadlineNs, int capacity)
{
    private readonly ControlSchedule _schedule = new(rateHz, firstDeadlineNs);
    private readonly long[] _offNs = new long[capacity];
    private int _count;

    /// <summary>A tick happened; early counts like late. What no longer fits is not kept.</summary>
    public void Tick(long nowNs)
    {
        if (_count < _offNs.Length)
        {
            _offNs[_count] = Math.Abs(nowNs - _schedule.NextNs);
            Volatile.Write(ref _count, _count + 1);
        }

        _schedule.Advance(nowNs);
    }

    public Samples Read() => new(_offNs.Take(Volatile.Read(ref _count)));
}
