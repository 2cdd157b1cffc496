using Vla.Actors.Control;
using Vla.Actors.Robots;

namespace Vla.Tests.Actors.Control;

public class ActionLimiterTests
{
    private const long PeriodNs = 20_000_000;
    private const float Minimum = -0.3f;
    private const float Maximum = 0.7f;

    private static RobotProfile Profile(
        float rate,
        float acceleration,
        HoldBehaviour hold = HoldBehaviour.Zero,
        bool limits = true
    ) =>
        new(
            "test",
            limits,
            [
                new RobotDimension
                {
                    Name = "x",
                    Unit = "m",
                    Minimum = Minimum,
                    Maximum = Maximum,
                    MaximumRate = rate,
                    MaximumAcceleration = acceleration,
                    Hold = hold,
                },
            ]
        );

    /// <summary>Feeds targets and checks every bound on what comes out, whatever goes in.</summary>
    [Theory]
    [InlineData(1, 2f, 20f)]
    [InlineData(2, 0.5f, 1f)]
    [InlineData(3, 10f, 5f)]
    [InlineData(4, 0.01f, 1_000f)]
    public void Value_rate_and_acceleration_stay_within_their_limits_for_any_targets_and_any_delays(
        int seed,
        float rate,
        float acceleration
    )
    {
        var random = new Random(seed);
        var limiter = new ActionLimiter(Profile(rate, acceleration), PeriodNs);
        float[] strange = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -0f];
        var output = new float[1];
        double value = 0,
            speed = 0,
            target = 0,
            speedRounding = 0;
        for (var tick = 0; tick < 100_000; tick++)
        {
            target = random.Next(20) switch
            {
                0 => strange[random.Next(strange.Length)],
                < 4 => random.NextDouble() * 3 - 1.5,
                < 8 => target + (random.NextDouble() - 0.5) * 0.02,
                _ => target,
            };
            var elapsed = random.Next(10) == 0 ? random.NextInt64(1, 5 * PeriodNs) : PeriodNs;
            if (random.Next(50) == 0)
                limiter.Hold(elapsed, output);
            else
                limiter.Follow([(float)target], elapsed, output);

            var seconds = elapsed / 1e9;
            var newSpeed = (output[0] - value) / seconds;
            // Published values are rounded to 32 bits; so are the speeds taken from them.
            var rounding = 2e-7 / seconds;
            Assert.InRange(output[0], Minimum, Maximum);
            Assert.True(Math.Abs(newSpeed) <= rate + rounding, $"tick {tick}: rate {newSpeed}");
            Assert.True(
                Math.Abs(newSpeed - speed) <= acceleration * seconds + rounding + speedRounding,
                $"tick {tick}: acceleration {(newSpeed - speed) / seconds}"
            );
            (value, speed, speedRounding) = (output[0], newSpeed, rounding);
        }
    }

    [Theory]
    [InlineData(2f, 20f)]
    [InlineData(0.5f, 1f)]
    [InlineData(50f, 3f)]
    public void A_resting_target_is_reached_without_overshoot_and_then_kept(float rate, float acceleration)
    {
        var limiter = new ActionLimiter(Profile(rate, acceleration), PeriodNs);
        var output = new float[1];
        var previous = 0f;
        var reached = -1;
        for (var tick = 0; tick < 1_000; tick++)
        {
            var clamped = limiter.Follow([0.5f], PeriodNs, output);
            Assert.InRange(output[0], previous, 0.5f);
            previous = output[0];
            if (reached < 0 && output[0] == 0.5f)
                reached = tick;
            Assert.Equal(output[0] != 0.5f, clamped == 1);
        }

        Assert.InRange(reached, 2, 500);
        Assert.Equal(0.5f, output[0]);
    }

    [Fact]
    public void After_random_targets_a_resting_one_is_always_reached()
    {
        var random = new Random(5);
        var limiter = new ActionLimiter(Profile(2, 5), PeriodNs);
        var output = new float[1];
        for (var round = 0; round < 200; round++)
        {
            for (var tick = 0; tick < 30; tick++)
                limiter.Follow([random.NextSingle() * 4 - 2], PeriodNs, output);
            var target = random.NextSingle() * (Maximum - Minimum) + Minimum;
            for (var tick = 0; tick < 300; tick++)
                limiter.Follow([target], random.NextInt64(PeriodNs / 2, 3 * PeriodNs), output);
            Assert.Equal(target, output[0], 1e-6f);
        }
    }

    [Fact]
    public void A_trajectory_within_the_limits_passes_unchanged()
    {
        // 0.2·(1 − cos t): at most 0.2 m/s and 0.2 m/s².
        var limiter = new ActionLimiter(Profile(rate: 0.25f, acceleration: 0.3f), PeriodNs);
        var output = new float[1];
        for (var tick = 0; tick < 2_000; tick++)
        {
            var seconds = tick * PeriodNs / 1e9;
            var wanted = (float)(0.2 * (1 - Math.Cos(seconds)));
            Assert.Equal(0UL, limiter.Follow([wanted], PeriodNs, output));
            Assert.Equal(wanted, output[0]);
        }
    }

    [Fact]
    public void A_target_outside_the_range_ends_at_the_limit_and_is_marked()
    {
        var limiter = new ActionLimiter(Profile(100, 10_000), PeriodNs);
        var output = new float[1];
        var clamped = 0UL;
        for (var tick = 0; tick < 100; tick++)
            clamped = limiter.Follow([5f], PeriodNs, output);

        Assert.Equal(Maximum, output[0]);
        Assert.Equal(1UL, clamped);
    }

    [Fact]
    public void Skipped_ticks_move_as_far_as_ticks_on_time()
    {
        var onTime = new ActionLimiter(Profile(0.5f, 1_000), PeriodNs);
        var late = new ActionLimiter(Profile(0.5f, 1_000), PeriodNs);
        var output = new float[1];
        for (var tick = 0; tick < 30; tick++)
            onTime.Follow([0.6f], PeriodNs, output);
        var expected = output[0];

        for (var tick = 0; tick < 10; tick++)
            late.Follow([0.6f], 3 * PeriodNs, output);

        Assert.Equal(expected, output[0], 1e-3f);
    }

    [Fact]
    public void A_long_gap_does_not_make_the_robot_jump()
    {
        var limiter = new ActionLimiter(Profile(0.5f, 1_000), PeriodNs);
        var output = new float[1];

        limiter.Follow([0.6f], 3_600_000_000_000, output);

        Assert.InRange(output[0], 0, 0.5f * ActionLimiter.MaximumElapsedPeriods * 0.02f + 1e-6f);
    }

    [Fact]
    public void Holding_brings_a_delta_to_zero_within_the_limits()
    {
        var limiter = new ActionLimiter(Profile(2, 20), PeriodNs);
        var output = new float[1];
        for (var tick = 0; tick < 100; tick++)
            limiter.Follow([0.5f], PeriodNs, output);

        limiter.Hold(PeriodNs, output);
        Assert.InRange(output[0], 0.4f, 0.4999f);
        for (var tick = 0; tick < 100; tick++)
            limiter.Hold(PeriodNs, output);
        Assert.Equal(0, output[0]);
    }

    [Fact]
    public void Holding_lets_a_position_come_to_rest_and_repeats_it()
    {
        var limiter = new ActionLimiter(Profile(1, 5, HoldBehaviour.Keep), PeriodNs);
        var output = new float[1];
        for (var tick = 0; tick < 8; tick++)
            limiter.Follow([0.7f], PeriodNs, output);
        var moving = output[0];

        for (var tick = 0; tick < 50; tick++)
            limiter.Hold(PeriodNs, output);
        var rest = output[0];
        limiter.Hold(PeriodNs, output);

        Assert.InRange(rest, moving + 0.01f, 0.7f);
        Assert.Equal(rest, output[0]);
    }

    [Fact]
    public void Stopping_is_not_delayed_by_any_limit()
    {
        var delta = new ActionLimiter(Profile(1, 1), PeriodNs);
        var position = new ActionLimiter(Profile(1, 1, HoldBehaviour.Keep), PeriodNs);
        var output = new float[1];
        for (var tick = 0; tick < 40; tick++)
            delta.Follow([0.5f], PeriodNs, output);
        delta.Stop(output);
        Assert.Equal(0, output[0]);

        for (var tick = 0; tick < 10; tick++)
            position.Follow([0.5f], PeriodNs, output);
        var last = output[0];
        position.Stop(output);
        Assert.Equal(last, output[0]);
    }

    [Fact]
    public void Without_limits_values_pass_but_never_one_that_is_not_finite()
    {
        var limiter = new ActionLimiter(Profile(1, 1, limits: false), PeriodNs);
        var output = new float[1];

        Assert.Equal(0UL, limiter.Follow([123f], PeriodNs, output));
        Assert.Equal(123f, output[0]);
        Assert.Equal(1UL, limiter.Follow([float.NaN], PeriodNs, output));
        Assert.Equal(123f, output[0]);
    }
}
