namespace Vla.Sensors;

/// <summary>
/// Reads a <see cref="TimeProvider"/>'s monotonic timestamp in nanoseconds, the unit of every time in Vla.
/// </summary>
/// <remarks>
/// On Linux the system provider counts <c>CLOCK_MONOTONIC</c>, so these values compare with those of any other
/// process on the machine. The origin is arbitrary: only differences mean something.
/// </remarks>
public static class MonotonicTime
{
    /// <summary>Nanoseconds in a second.</summary>
    public const long NsPerSecond = 1_000_000_000;

    /// <summary>Nanoseconds in a millisecond.</summary>
    public const long NsPerMs = 1_000_000;

    /// <summary>Nanoseconds in a microsecond.</summary>
    public const long NsPerUs = 1_000;

    /// <summary>Now, in monotonic nanoseconds.</summary>
    public static long NowNs(this TimeProvider time)
    {
        var ticks = time.GetTimestamp();
        var frequency = time.TimestampFrequency;
        return frequency == NsPerSecond ? ticks : (long)((Int128)ticks * NsPerSecond / frequency);
    }
}
