namespace Vla.Runtime.Networks.Ros;

/// <summary>When the messages of a topic were true, by their <c>header.stamp</c>.</summary>
/// <param name="connectedNs">When the connection was made, monotonic nanoseconds.</param>
/// <param name="time">This machine's clocks.</param>
internal sealed class RosStamps(long connectedNs, TimeProvider time)
{
    private const string NoStamps = "its messages have no time stamps: how old they are when they come is not known";

    private readonly WallClock _clock = new(time);
    private readonly StateTimes _times = new(connectedNs);

    /// <summary>What is wrong with the stamps, in words; null while nothing is.</summary>
    public string? Remark { get; private set; }

    /// <summary>When a message was true, monotonic nanoseconds.</summary>
    /// <param name="stampNs">Its stamp, nanoseconds since 1970; 0 or null for none.</param>
    /// <param name="arrivedNs">When it came.</param>
    public long AtNs(long? stampNs, long arrivedNs)
    {
        if (stampNs is not > 0)
        {
            Remark = NoStamps;
            return _times.AtNs(arrivedNs, null, 0);
        }

        var stamp = stampNs.Value;
        var placed = _clock.Place(stamp, arrivedNs);
        // Counted in any case, so that it is known when it is wanted.
        var amongThemselves = _times.AtNs(arrivedNs, stamp / 1e9, 0);
        Remark = _clock.Remark;
        // Until it is known whose clock is right a message may be as old as the connection.
        return placed ?? (_clock.Disagrees ? amongThemselves : Math.Min(connectedNs, arrivedNs));
    }
}
