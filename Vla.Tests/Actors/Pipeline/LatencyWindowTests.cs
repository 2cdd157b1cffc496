using Vla.Actors.Pipeline;
using Vla.Sensors;

namespace Vla.Tests.Actors.Pipeline;

public class LatencyWindowTests
{
    private const long Second = MonotonicTime.NsPerSecond;

    [Fact]
    public void Percentiles_are_those_of_what_was_recorded()
    {
        var window = new LatencyWindow();
        for (var i = 1; i <= 1_000; i++)
            window.Record(i * MonotonicTime.NsPerMs, 100 * Second);

        var read = window.Read(100 * Second);

        Assert.Equal(1_000, read.Count);
        Assert.Equal(500e6, read.P50Ns, 5e6);
        Assert.Equal(990e6, read.P99Ns, 9.9e6);
        Assert.Equal(999e6, read.P999Ns, 9.9e6);
        Assert.Equal(1_000e6, read.MaximumNs, 10e6);
    }

    [Fact]
    public void Old_values_are_forgotten_after_a_minute_also_when_nobody_read_meanwhile()
    {
        var window = new LatencyWindow();
        for (var second = 90; second < 150; second++)
            window.Record(5, second * Second);
        Assert.Equal(60, window.Read(149 * Second).Count);

        window.Record(5, 151 * Second);
        Assert.Equal(31, window.Read(151 * Second).Count);
        Assert.Equal(0, window.Read(1_000 * Second).Count);
        Assert.Equal(default, window.Read(1_000 * Second));

        for (var second = 1_020; second < 1_200; second++)
            window.Record(5, second * Second);
        Assert.InRange(window.Read(1_199 * Second).Count, 30, 60);
    }

    [Fact]
    public void What_was_cleared_is_forgotten_and_recording_goes_on()
    {
        var window = new LatencyWindow();
        window.Record(9 * MonotonicTime.NsPerMs, 29 * Second);
        window.Record(9 * MonotonicTime.NsPerMs, 31 * Second);

        window.Clear();
        Assert.Equal(default, window.Read(31 * Second));

        window.Record(MonotonicTime.NsPerMs, 31 * Second);
        Assert.Equal(1, window.Read(31 * Second).Count);
        Assert.Equal(1e6, window.Read(31 * Second).MaximumNs, 1e4);
    }

    [Fact]
    public void Values_out_of_range_count_as_the_nearest_end()
    {
        var window = new LatencyWindow();
        window.Record(-5, Second);
        window.Record(long.MaxValue, Second);

        Assert.Equal(2, window.Read(Second).Count);
        Assert.Equal(60e9, window.Read(Second).MaximumNs, 0.6e9);
    }

    [Fact]
    public void Bins_go_from_zero_to_a_round_figure_above_what_was_recorded()
    {
        var window = new LatencyWindow();
        window.Record(1 * MonotonicTime.NsPerMs, Second);
        for (var i = 0; i < 3; i++)
            window.Record(42 * MonotonicTime.NsPerMs, Second);

        var bins = window.ReadBins(Second, 10);

        Assert.Equal(50 * MonotonicTime.NsPerMs, bins.UpperNs);
        Assert.Equal([1, 0, 0, 0, 0, 0, 0, 0, 3, 0], bins.Counts);
        Assert.False(bins.HasLonger);
    }

    [Fact]
    public void A_rare_long_one_is_counted_in_the_last_bin()
    {
        var window = new LatencyWindow();
        for (var i = 0; i < 10_000; i++)
            window.Record(MonotonicTime.NsPerMs, Second);
        window.Record(30 * Second, Second);

        var bins = window.ReadBins(Second, 4);

        Assert.InRange(bins.UpperNs, MonotonicTime.NsPerMs, 2 * MonotonicTime.NsPerMs);
        Assert.Equal(10_001, bins.Counts.Sum());
        Assert.True(bins.Counts[^1] >= 1);
        Assert.True(bins.HasLonger);
    }

    [Fact]
    public void Bins_of_nothing_are_empty() => Assert.Equal([0, 0, 0], new LatencyWindow().ReadBins(Second, 3).Counts);

    [Fact]
    public void Recording_and_reading_at_once_loses_nothing()
    {
        var window = new LatencyWindow();
        var writer = new Thread(() =>
        {
            for (var i = 0; i < 200_000; i++)
                window.Record(i, Second);
        });
        writer.Start();
        while (writer.IsAlive)
            window.Read(Second);

        Assert.Equal(200_000, window.Read(Second).Count);
    }
}
