using Vla.Sensors.Cameras.Streams;

namespace Vla.Runtime.Networks;

/// <summary>When each state of a connection was true, and whether it is news.</summary>
/// <remarks>
/// As with pictures (<see cref="ArrivalTimes"/>): what was held up in the connection counts as old, by the robot's own
/// clock where it tells it, and otherwise by how the messages came. What every message takes on its way is not in it.
/// </remarks>
/// <param name="connectedNs">When the connection was made, monotonic nanoseconds.</param>
internal sealed class StateTimes(long connectedNs)
{
    private readonly ArrivalTimes _times = new(connectedNs);
    private long _newest = long.MinValue;

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
    /// <param name="bytes">Its size.</param>
    /// <param name="clockSeconds">By the robot's own clock; null where it does not say.</param>
    /// <param name="ageNs">How old it was when it was sent.</param>
    public long AtNs(long arrivedNs, int bytes, double? clockSeconds, long ageNs) =>
        _times.TakenNs(new PictureArrival(arrivedNs, arrivedNs, bytes, 1, clockSeconds)) - ageNs;
}
