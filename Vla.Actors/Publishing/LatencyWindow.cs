using HdrHistogram;
using Vla.Sensors;

namespace Vla.Actors.Publishing;

/// <summary>Percentiles of durations over the last minute or so; recording neither allocates nor waits.</summary>
/// <remarks>
/// One thread records, any thread reads. Two windows of half a minute each: the older is dropped when the newer is full,
/// so what is read covers the last 30 to 60 seconds. Values are exact to 1 % from 50 µs to one minute and to half a
/// microsecond below.
/// </remarks>
public sealed class LatencyWindow
{
    private const long WindowNs = 30 * MonotonicTime.NsPerSecond;
    private const long LongestNs = 60 * MonotonicTime.NsPerSecond;
    private const int Digits = 2;

    private readonly Recorder _recorder = new(
        MonotonicTime.NsPerUs, LongestNs, Digits, (id, low, high, digits) => new LongHistogram(id, low, high, digits));
    private readonly Lock _windows = new();
    private LongHistogram _current = NewHistogram();
    private LongHistogram _previous = NewHistogram();
    private readonly LongHistogram _both = NewHistogram();
    private HistogramBase? _spare;
    private long _currentSinceNs;

    /// <param name="valueNs">The duration; below 0 counts as 0, above one minute as one minute.</param>
    /// <param name="nowNs">The time of recording.</param>
    public void Record(long valueNs, long nowNs)
    {
        // A reader at work turns the windows itself.
        if (nowNs - Volatile.Read(ref _currentSinceNs) >= WindowNs && _windows.TryEnter())
        {
            try
            {
                Turn(nowNs);
            }
            finally
            {
                _windows.Exit();
            }
        }

        _recorder.RecordValue(Math.Clamp(valueNs, 0, LongestNs));
    }

    public LatencyPercentiles Read(long nowNs)
    {
        lock (_windows)
        {
            Turn(nowNs);
            Collect();
            _both.Reset();
            _both.Add(_previous);
            _both.Add(_current);
            return _both.TotalCount == 0
                ? default
                : new LatencyPercentiles(
                    _both.TotalCount, _both.GetValueAtPercentile(50), _both.GetValueAtPercentile(99),
                    _both.GetValueAtPercentile(99.9), _both.GetMaxValue());
        }
    }

    /// <summary>Forgets what was recorded, so that a measurement can begin when everything is warm.</summary>
    public void Clear()
    {
        lock (_windows)
        {
            Collect();
            _current.Reset();
            _previous.Reset();
        }
    }

    private static LongHistogram NewHistogram() => new(MonotonicTime.NsPerUs, LongestNs, Digits);

    private void Turn(long nowNs)
    {
        var windows = (nowNs - _currentSinceNs) / WindowNs;
        if (windows <= 0) return;
        Collect();
        (_previous, _current) = (_current, _previous);
        _current.Reset();
        if (windows > 1) _previous.Reset();
        Volatile.Write(ref _currentSinceNs, _currentSinceNs + windows * WindowNs);
    }

    /// <summary>Moves what was recorded since the last time into the current window.</summary>
    private void Collect()
    {
        _spare = _recorder.GetIntervalHistogram(_spare);
        _current.Add(_spare);
    }
}

/// <summary>What a <see cref="LatencyWindow"/> holds; all zero when it is empty.</summary>
public readonly record struct LatencyPercentiles(long Count, long P50Ns, long P99Ns, long P999Ns, long MaximumNs);
