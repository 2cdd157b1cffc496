using Vla.Sensors.Datasets;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>Statistics are those that LeRobot reckons, quantiles of its histograms included.</summary>
public sealed class FeatureStatisticsTests
{
    /// <summary>The values were made by NumPy with LeRobot's way: 5,000 bins, and a share of the bin.</summary>
    [Fact]
    public void Quantiles_are_those_of_a_histogram_as_LeRobot_has_it()
    {
        var values = Enumerable
            .Range(0, 37)
            .SelectMany(i => new[] { (float)(Math.Sin(i) * 3), (float)(i * i / 7.0), 2.5f })
            .ToArray();

        var found = FeatureStatistics.Of<float>(values, 3);

        double[][] right =
        [
            [-2.9999707, 0, 2.5],
            [-2.8839364, 1.2848914, 2.5],
            [0.00048243, 46.3042275, 2.5],
            [2.8693020, 155.5681335, 2.5],
            [2.9992916, 185.1291522, 2.5],
        ];
        for (var q = 0; q < right.Length; q++)
        {
            for (var i = 0; i < 3; i++)
                Assert.Equal(right[q][i], found.Values[4 + q][i], 1e-4);
        }
    }

    [Fact]
    public void Of_one_frame_they_are_the_mean() =>
        Assert.All(FeatureStatistics.Of<float>([3f], 1).Values[4..], quantile => Assert.Equal(3, quantile[0]));

    [Fact]
    public void Of_tables_each_column_counts_over_all_rows()
    {
        var found = FeatureStatistics.Of<float>([1, 2, 3, 4, 5, 6, 7, 8], 2, count: 2);

        Assert.Equal(2, found.Count);
        Assert.Equal([4.0, 5], found.Values[2]);
    }
}
