using Vla.Sensors;
using Vla.Sensors.Cameras.Streams;

namespace Vla.Runtime.Networks;

/// <summary>When each state of a connection was true, and whether it is news.</summary>
/// <remarks>
/// <para>
/// A connection delivers everything, late rather than never: what was held up in it counts as old. A robot that tells
/// the time of its own clock is placed by that (<see cref="CameraClock"/>). Otherwise what comes after a silence, and
/// right behind what came after a silence, was held up: each is taken to be one usual spacing later than the one before
/// it. What comes at about its usual spacing again is of the moment when it comes.
/// </para>
/// <para>What every message takes on its way is in none of these times. For one thread.</para>
/// </remarks>
/// <param name="connectedNs">When the connection was made, monotonic nanoseconds.</param>
internal sealed class StateTimes(long connectedNs)
{
    private const int KnownAfter = 4;
    private const int Weight = 16;

    // A silence, in usual spacings, and never less than so long: shorter ones are the scheduler's.
    private const int SilentSpacings = 3;
    private const long LeastSilenceNs = 60 * MonotonicTime.NsPerMs;

    // Whatever waits comes as fast as the line can.
    private const double BehindShare = 0.3;

    private readonly CameraClock _clock = new();
    private long _newest = long.MinValue;
    private long _arrivedNs;
    private long _atNs;
    private double _usualNs;
    private int _known;
    private bool _isLate;

    /// <summary>Whether a message is later than those before it, by its number.</summary>
    public bool IsNews(long? sequence)
    {
        if (sequence is not { } number)
            return true;
        if (number <= _newest)
            return false;
        _newest = number;
        return true;
    }

    /// <summary>When a state was true, monotonic nanoseconds.</summary>
    /// <param name="arrivedNs">When it came.</param>
    /// <param name="clockSeconds">By the robot's own clock; null where it does not say.</param>
    /// <param name="ageNs">How old it was when it was sent.</param>
    public long AtNs(long arrivedNs, double? clockSeconds, long ageNs)
    {
        var byArrivalNs = ByArrival(arrivedNs);
        if (clockSeconds is not { } seconds)
            return byArrivalNs - ageNs;
        // A clock that stands still or goes back says nothing. One that is new may be as late as the connection is old.
        var byClockNs = _clock.Place(seconds, arrivedNs) ?? byArrivalNs;
        return (_clock.IsSettled ? byClockNs : Math.Min(connectedNs, arrivedNs)) - ageNs;
    }

    private long ByArrival(long arrivedNs)
    {
        var spacingNs = arrivedNs - _arrivedNs;
        var isFirst = _arrivedNs == 0;
        _arrivedNs = arrivedNs;
        if (isFirst)
            return _atNs = arrivedNs;
        var isKnown = _known >= KnownAfter;
        var isSilent = isKnown && spacingNs > Math.Max(SilentSpacings * _usualNs, LeastSilenceNs);
        if (!isSilent)
        {
            _isLate &= spacingNs < BehindShare * _usualNs;
            if (!_isLate)
                Learn(spacingNs);
        }

        _isLate |= isSilent;
        return _atNs = _isLate ? Math.Min(arrivedNs, _atNs + (long)_usualNs) : arrivedNs;
    }

    private void Learn(long spacingNs)
    {
        _known++;
        _usualNs += (spacingNs - _usualNs) / Math.Min(_known, Weight);
    }
}
