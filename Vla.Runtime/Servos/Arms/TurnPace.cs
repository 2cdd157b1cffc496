using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Runtime.Servos.Arms;

/// <summary>When the next turn of an arm's loop is due.</summary>
/// <remarks>
/// What was missed is left out, never made up for. No phase is kept, as the control loop does: after a late turn the
/// next one begins at once, since what servos tell is the better the newer it is.
/// </remarks>
internal sealed class TurnPace(IControlClock clock, double hz)
{
    private readonly long _periodNs = (long)(MonotonicTime.NsPerSecond / hz);
    private long _dueNs = clock.NowNs;

    /// <summary>Waits for the next turn.</summary>
    public void Wait()
    {
        _dueNs += _periodNs;
        if (clock.NowNs > _dueNs)
            _dueNs = clock.NowNs;
        else
            clock.WaitUntil(_dueNs);
    }
}
