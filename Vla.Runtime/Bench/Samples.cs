using Vla.Sensors;

namespace Vla.Runtime.Bench;

/// <summary>Durations of one kind, and what a report says of them. Exact: every value is kept.</summary>
internal sealed class Samples
{
    private readonly long[] _sorted;

    /// <param name="nanoseconds">At least one.</param>
    public Samples(IEnumerable<long> nanoseconds)
    {
        _sorted = [.. nanoseconds.Order()];
        if (_sorted.Length == 0)
            throw new ArgumentException("there is nothing to take a percentile of", nameof(nanoseconds));
    }

    public int Count => _sorted.Length;

    public long MaximumNs => _sorted[^1];

    public double MedianMs => PercentileNs(50) / (double)MonotonicTime.NsPerMs;

    /// <summary>The smallest value that so many percent of all are not above (nearest rank).</summary>
    /// <param name="percent">Above 0, to 100.</param>
    public long PercentileNs(double percent)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        // 99.9 % of 1,000 is 999.0000000000001 in floating point, whose ceiling is not what anybody means.
        var rank = (int)Math.Ceiling(Math.Round(percent / 100 * _sorted.Length, 6));
        return _sorted[Math.Max(rank, 1) - 1];
    }

    /// <summary>How many values are at most <paramref name="limitNs"/>.</summary>
    public int CountWithin(long limitNs) => _sorted.Count(value => value <= limitNs);
}
