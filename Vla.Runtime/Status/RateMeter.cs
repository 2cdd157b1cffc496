using Vla.Sensors;

namespace Vla.Runtime.Status;

/// <summary>How often a second a count goes up, over the last two seconds or so.</summary>
/// <remarks>Fed by one timer, read by anyone.</remarks>
internal sealed class RateMeter(TimeProvider time)
{
    private const int Samples = 5;

    private readonly Lock _lock = new();
    private readonly Queue<(long TimeNs, long Count)> _samples = new(Samples);

    /// <summary>Takes a sample; called about twice a second.</summary>
    public void Sample(long count)
    {
        lock (_lock)
        {
            if (_samples.Count == Samples)
                _samples.Dequeue();
            _samples.Enqueue((time.NowNs(), count));
        }
    }

    /// <summary>Counts a second, Hz; 0 until there are two samples.</summary>
    public double Hz
    {
        get
        {
            lock (_lock)
            {
                if (_samples.Count < 2)
                    return 0;
                var (first, last) = (_samples.Peek(), _samples.Last());
                return (last.Count - first.Count) * (double)MonotonicTime.NsPerSecond / (last.TimeNs - first.TimeNs);
            }
        }
    }
}
