namespace Vla.Runtime.Serving;

/// <summary>
/// Holds a client to so many requests a second, with a short burst: who asks faster is answered later.
/// </summary>
/// <param name="perSecond">Requests.</param>
/// <param name="time">The clock.</param>
internal sealed class RequestPace(double perSecond, TimeProvider time)
{
    /// <summary>Requests that may come at once.</summary>
    public const int Burst = 20;

    private readonly double _tickets = time.TimestampFrequency / perSecond;
    private double _next = time.GetTimestamp() - Burst * time.TimestampFrequency / perSecond;

    /// <summary>How long to wait before the next request is looked at.</summary>
    public TimeSpan Next()
    {
        var now = time.GetTimestamp();
        _next = Math.Max(_next + _tickets, now - Burst * _tickets);
        return _next <= now ? TimeSpan.Zero : TimeSpan.FromSeconds((_next - now) / time.TimestampFrequency);
    }
}
