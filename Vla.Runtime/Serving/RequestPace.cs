namespace Vla.Runtime.Serving;

/// <summary>
/// Holds a client to so many requests a second, with a short burst: who asks faster is answered later, and who asks so
/// much faster that it would be too late is not answered.
/// </summary>
/// <param name="perSecond">Requests.</param>
/// <param name="time">The clock.</param>
internal sealed class RequestPace(double perSecond, TimeProvider time)
{
    /// <summary>Requests that may come at once.</summary>
    public const int Burst = 20;

    private readonly Lock _gate = new();
    private readonly double _tickets = time.TimestampFrequency / perSecond;
    private double _next = time.GetTimestamp() - Burst * time.TimestampFrequency / perSecond;

    /// <summary>How long to wait before the next request is looked at; whoever asks one after the other.</summary>
    public TimeSpan Next() => Next(TimeSpan.MaxValue)!.Value;

    /// <summary>The same where several ask at a time; null where it would be longer than so, and the request does not
    /// count.</summary>
    public TimeSpan? Next(TimeSpan longest)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var next = Math.Max(_next + _tickets, now - (Burst - 1) * _tickets);
            var seconds = Math.Max(0, (next - now) / time.TimestampFrequency);
            if (seconds > longest.TotalSeconds)
                return null;
            _next = next;
            return TimeSpan.FromSeconds(seconds);
        }
    }
}
