using Vla.Runtime.Bench;

namespace Vla.Tests.Runtime.Bench;

public sealed class SamplesTests
{
    [Theory]
    [InlineData(50, 500)]
    [InlineData(99, 990)]
    [InlineData(99.9, 999)]
    [InlineData(99.95, 1_000)]
    [InlineData(100, 1_000)]
    [InlineData(0.01, 1)]
    public void A_percentile_is_the_smallest_value_that_so_many_are_not_above(double percent, long expected)
    {
        var samples = new Samples(Enumerable.Range(1, 1_000).Reverse().Select(i => (long)i));

        Assert.Equal(expected, samples.PercentileNs(percent));
    }

    [Fact]
    public void One_value_is_every_percentile()
    {
        var samples = new Samples([3_000_000]);

        Assert.Equal(3, samples.MedianMs);
        Assert.Equal(3_000_000, samples.PercentileNs(1));
        Assert.Equal(3_000_000, samples.MaximumNs);
    }

    [Fact]
    public void Values_at_the_limit_are_within_it()
    {
        Assert.Equal(2, new Samples([1, 5, 6]).CountWithin(5));
    }

    [Fact]
    public void Of_nothing_there_is_no_percentile()
    {
        Assert.Throws<ArgumentException>(() => new Samples([]));
    }
}
