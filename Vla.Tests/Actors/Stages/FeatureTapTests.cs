using TorchSharp;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Stages;

public sealed class FeatureTapTests : IDisposable
{
    private const long Second = MonotonicTime.NsPerSecond;

    private readonly FeatureTap _tap = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Nobody_watching_means_that_nothing_is_looked_at()
    {
        _tap.Offer(ones(4), Second);
        Assert.Null(_tap.Newest);
    }

    [Fact]
    public void A_watcher_sees_features_at_most_twice_a_second_and_not_for_ever()
    {
        _tap.Watch(Second);
        _tap.Offer(full(4, 1f), Second);
        _tap.Offer(full(4, 2f), Second + Second / 4);
        Assert.Equal(1, _tap.Newest!.Mean);

        _tap.Offer(full(4, 3f), Second + Second / 2);
        Assert.Equal(3, _tap.Newest.Mean);

        _tap.Offer(full(4, 4f), 4 * Second);
        Assert.Equal(3, _tap.Newest.Mean);
    }

    [Fact]
    public void Features_stay_the_stages_own_whatever_their_shape_and_type()
    {
        using var features = arange(6, ScalarType.BFloat16).reshape(1, 2, 3).transpose(1, 2);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        _tap.Look(features);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.False(features.IsInvalid);
        Assert.Equal(
            (6, 0f, 5f, 2.5f),
            (_tap.Newest!.Count, _tap.Newest.Minimum, _tap.Newest.Maximum, _tap.Newest.Mean)
        );
    }

    [Fact]
    public void Bins_are_equally_wide_from_the_lowest_to_the_highest()
    {
        var histogram = FeatureHistogram.Of([0, 1, 1, 50]);

        Assert.Equal(FeatureHistogram.Bins, histogram.Counts.Count);
        Assert.Equal((1, 2, 1), (histogram.Counts[0], histogram.Counts[1], histogram.Counts[^1]));
        Assert.Equal(4, histogram.Counts.Sum());
    }

    [Theory]
    [InlineData(new float[0], 0, 0)]
    [InlineData(new[] { 7f, 7f }, 2, 0)]
    [InlineData(new[] { float.NaN, float.PositiveInfinity, 3f }, 1, 2)]
    public void What_has_no_range_or_is_no_number_is_counted_too(float[] values, int binned, int notFinite)
    {
        var histogram = FeatureHistogram.Of(values);

        Assert.Equal(
            (values.Length, binned, notFinite),
            (histogram.Count, histogram.Counts.Sum(), histogram.NotFinite)
        );
        Assert.True(float.IsFinite(histogram.Mean));
    }

    [Fact]
    public void Of_very_many_features_a_part_stands_for_all()
    {
        var histogram = FeatureHistogram.Of(new float[1_000_000]);

        Assert.Equal(1_000_000, histogram.Count);
        Assert.InRange(histogram.Counts.Sum(), 50_000, 100_000);
    }
}
