using HdrHistogram;
using Vla.Sensors;

namespace Vla.Actors.Pipeline;

/// <summary>Percentiles of durations over the last minute or so; recording neither allocates nor waits.</summary>
/// <remarks>
/// One thread records, any thread reads. Two windows of half a minute each: the older is dropped when the newer is
/// full, so what is read covers the last 30 to 60 seconds. Values are exact to 1 % from 50 µs to one minute and to half
/// a microsecond below.
/// </remarks>
public sealed class LatencyWindow
{
    private const long WindowNs = 30 * MonotonicTime.NsPerSecond;
    private const long LongestNs = 60 * MonotonicTime.NsPerSecond;
    private const int Digits = 2;

    private readonly Recorder _recorder = new(
        MonotonicTime.NsPerUs,
        LongestNs,
        Digits,
        (id, low, high, digits) => new LongHistogram(id, low, high, digits)
    );
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

    /// <summary>The percentiles of what was noted in the window before this moment, monotonic nanoseconds.</summary>
    public LatencyPercentiles Read(long nowNs)
    {
        lock (_windows)
        {
            Join(nowNs);
            return _both.TotalCount == 0
                ? default
                : new LatencyPercentiles(
                    _both.TotalCount,
                    _both.GetValueAtPercentile(50),
                    _both.GetValueAtPercentile(99),
                    _both.GetValueAtPercentile(99.9),
                    _both.GetMaxValue()
                );
        }
    }

    /// <summary>How the durations are distributed, for a picture of them.</summary>
    /// <param name="nowNs">The time of reading.</param>
    /// <param name="bins">How many equal bins, from 0 up to a round figure at or above the 99th percentile.</param>
    public LatencyBins ReadBins(long nowNs, int bins)
    {
        lock (_windows)
        {
            Join(nowNs);
            var counts = new long[bins];
            var upperNs = RoundUp(_both.TotalCount == 0 ? MonotonicTime.NsPerUs : _both.GetValueAtPercentile(99));
            foreach (var value in _both.RecordedValues())
                counts[Math.Min(bins - 1, value.ValueIteratedTo * bins / upperNs)] +=
                    value.CountAddedInThisIterationStep;
            return new LatencyBins(upperNs, counts, _both.GetMaxValue() > upperNs);
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

    private static long RoundUp(long ns)
    {
        var power = (long)Math.Pow(10, Math.Floor(Math.Log10(Math.Max(ns, MonotonicTime.NsPerUs))));
        foreach (var step in (ReadOnlySpan<int>)[1, 2, 5])
            if (step * power >= ns)
                return step * power;
        return 10 * power;
    }

    private void Join(long nowNs)
    {
        Turn(nowNs);
        Collect();
        _both.Reset();
        _both.Add(_previous);
        _both.Add(_current);
    }

    private void Turn(long nowNs)
    {
        var windows = (nowNs - _currentSinceNs) / WindowNs;
        if (windows <= 0)
            return;
        Collect();
        (_previous, _current) = (_current, _previous);
        _current.Reset();
        if (windows > 1)
            _previous.Reset();
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

/// <summary>How the durations in a <see cref="LatencyWindow"/> are distributed.</summary>
/// <param name="UpperNs">Where the last bin ends, nanoseconds; the first begins at 0. Longer durations are in the
/// last.</param>
/// <param name="Counts">Durations in each bin; the bins are equally wide.</param>
/// <param name="HasLonger">Whether there are longer ones in the last.</param>
public sealed record LatencyBins(long UpperNs, IReadOnlyList<long> Counts, bool HasLonger);
