using Vla.Runtime.Evaluation;

namespace Vla.Tests.Runtime.Evaluation;

public sealed class WilsonIntervalTests
{
    // Newcombe, Statistics in Medicine 17 (1998), table I (method 3), and the closed form n / (n + z²) for all of n.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    [InlineData(400, 400, 0.9905, 1)]
    [InlineData(0, 0, 0, 1)]
    public void The_interval_is_the_one_in_the_literature(int successes, int trials, double low, double high)
    {
        var interval = WilsonInterval.Of(successes, trials);

        Assert.Equal(low, interval.Low, 4);
        Assert.Equal(high, interval.High, 4);
    }
}
