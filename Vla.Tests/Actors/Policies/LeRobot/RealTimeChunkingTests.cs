using Vla.Actors.Policies.LeRobot;

namespace Vla.Tests.Actors.Policies.LeRobot;

/// <summary>How much of the chunk before a new one is held to.</summary>
public sealed class RealTimeChunkingTests
{
    [Theory]
    [InlineData(GuideSchedule.Linear, new[] { 1f, 1f, 0.75f, 0.5f, 0.25f, 0f, 0f })]
    [InlineData(GuideSchedule.Ones, new[] { 1f, 1f, 1f, 1f, 1f, 0f, 0f })]
    [InlineData(GuideSchedule.Zeros, new[] { 1f, 1f, 0f, 0f, 0f, 0f, 0f })]
    [InlineData(GuideSchedule.Exponential, new[] { 1f, 1f, 0.487550f, 0.188770f, 0.041325f, 0f, 0f })]
    public void Actions_that_are_carried_out_count_whole_and_those_after_them_less_and_less(
        object schedule,
        float[] expected
    )
    {
        var weights = new RealTimeChunking { Schedule = (GuideSchedule)schedule, Horizon = 5 }.Weights(
            delay: 2,
            rest: 6,
            chunkSize: 7
        );

        Assert.Equal(expected.Length, weights.Length);
        Assert.All(expected.Zip(weights), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Theory]
    [InlineData(9, 4, 4)]
    [InlineData(0, 0, 0)]
    [InlineData(20, 20, 5)]
    public void A_delay_reaches_no_further_than_the_horizon_and_the_rest(int delay, int rest, int whole)
    {
        var weights = new RealTimeChunking { Horizon = 5 }.Weights(delay, rest, chunkSize: 7);

        Assert.Equal(whole, weights.Count(weight => weight == 1));
        Assert.Equal(whole, weights.Count(weight => weight > 0));
    }

    [Fact]
    public void A_step_is_turned_as_strongly_as_may_be_at_first_and_less_towards_the_end()
    {
        var guide = new ChunkGuide([], 1, 1, 0, new RealTimeChunking { MostWeight = 10 });

        Assert.Equal(10, guide.Strength(1));
        // τ = 0.5: (1 − τ) / τ · (0.25 + 0.25) / 0.25
        Assert.Equal(2, guide.Strength(0.5), 1e-9);
        // τ = 0.9: 0.1 / 0.9 · (0.01 + 0.81) / 0.01
        Assert.Equal(0.1 / 0.9 * 82, guide.Strength(0.1), 1e-6);
    }
}
