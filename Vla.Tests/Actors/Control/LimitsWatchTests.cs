using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Control;

/// <summary>
/// A decoder gone wild: outputs at all their limits, or absurdly far beyond one, for longer than 0.5 s.
/// </summary>
public sealed class LimitsWatchTests
{
    private const long TickMs = 20;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(-1, -1, 1)]
    [InlineData(1e9f, -1e9f, 1e9f)]
    [InlineData(1.3f, -7, 0.5f)]
    [InlineData(1, 1, 0)]
    public void Everything_at_or_beyond_its_limits_for_half_a_second_is_a_fault_whatever_the_jaw_does(
        float x,
        float y,
        float jaw
    )
    {
        var watch = Watch();

        Assert.Equal("", Look(watch, 500, x, y, jaw));
        Assert.StartsWith("what the policy wants is ", Look(watch, TickMs, x, y, jaw), StringComparison.Ordinal);
        Assert.Equal(1, watch.Count);
    }

    [Theory]
    [InlineData(1, 0.5f, 1)]
    [InlineData(1.5f, 0, 0)]
    [InlineData(0, 0, 0)]
    [InlineData(0.9f, -0.9f, 1)]
    public void One_dimension_that_is_within_its_limits_is_enough_for_all_to_be_well(float x, float y, float jaw)
    {
        Assert.Equal("", Look(Watch(), 60_000, x, y, jaw));
    }

    [Fact]
    public void Swinging_from_limit_to_limit_at_every_tick_is_at_the_limits_all_the_time()
    {
        var watch = Watch();
        var reason = "";
        for (var i = 0; i < 30; i++)
            reason = watch.Look(i % 2 == 0 ? [1, 1, 1] : [-1, -1, 0], TickMs * 1_000_000);

        Assert.Equal(
            "what the policy wants is at the limits of every dimension for 500 ms: it is not followed until it has "
                + "been within them for as long",
            reason
        );
    }

    [Fact]
    public void Absurd_values_of_one_dimension_are_a_fault_of_their_own_also_where_there_is_only_one()
    {
        Assert.Equal(
            "what the policy wants is far beyond a limit (y 99, allowed are -1 to 1) for 500 ms: it is not followed "
                + "until it has been within them for as long",
            Look(Watch(), 520, 0, 99, 0.5f)
        );
        var slide = new LimitsWatch(
            new RobotProfile("slide", true, [Make.Profile().Dimensions[0]]),
            500_000_000,
            ChunkExecution.Freshest
        );
        Assert.Equal("", Look(slide, 60_000, 1));
        Assert.Equal("", Look(slide, 60_000, 3));
        Assert.NotEqual("", Look(slide, 520, 1_000));
    }

    [Fact]
    public void A_sane_value_now_and_then_does_not_hide_the_rest()
    {
        var watch = Watch();
        var reason = "";
        for (var i = 0; i < 60; i++)
            reason = watch.Look(i % 5 == 0 ? [0, 0, 0] : [1, 1, 1], TickMs * 1_000_000);

        Assert.NotEqual("", reason);
    }

    [Fact]
    public void It_is_over_once_the_policy_has_been_within_its_limits_for_as_long()
    {
        var watch = Watch();
        Look(watch, 600, 1, 1, 1);

        Assert.NotEqual("", Look(watch, 480, 0, 0, 0));
        Assert.NotEqual("", watch.Look([], 60_000_000_000));
        Assert.Equal("", Look(watch, TickMs, 0, 0, 0));
        Assert.Equal("", Look(watch, 480, 1, 1, 1));
    }

    [Fact]
    public void Without_limits_and_with_the_watch_off_nothing_is_a_fault()
    {
        Assert.Equal("", Look(Watch(limits: false), 60_000, 1e9f, 1e9f, 1e9f));
        Assert.Equal("", Look(new LimitsWatch(Profile(true), 0, ChunkExecution.Freshest), 60_000, 1e9f, 1e9f, 1e9f));
    }

    [Fact]
    public void An_either_or_dimension_of_the_policy_is_a_jaw_whatever_its_unit()
    {
        var profile = new RobotProfile(
            "test",
            true,
            [.. Make.Profile().Dimensions.Take(1), Make.Profile().Dimensions[0] with { Name = "suction" }]
        );
        var watch = new LimitsWatch(profile, 500_000_000, new ChunkExecution { Binary = [1] });

        Assert.Equal("", Look(watch, 60_000, 1, 1));
        Assert.NotEqual("", Look(watch, 600, 1, 1.5f));
    }

    [Fact]
    public void The_robot_holds_then_stops_and_says_why_and_a_fast_way_to_a_far_goal_is_none_of_it()
    {
        var clock = new ManualClock();
        var robot = new FakeRobot();
        var profile = Profile(true, rate: 0.1f);
        using var loop = new ControlLoop(profile, new ControlOptions(), [robot], clock);

        // Slowed down in every dimension for seconds: that is what limits are for.
        for (var i = 0; i < 200; i++)
            Assert.Equal(ControlState.Policy, Tick(0.9f, -0.9f, 0.9f).State);
        Assert.Equal(7UL, robot.Applied[10].Clamped);

        var states = Enumerable.Range(0, 60).Select(_ => Tick(50, 50, 50).State).ToList();
        Assert.Equal(Enumerable.Repeat(ControlState.Policy, 25), states[..25]);
        Assert.Equal(ControlState.Hold, states[26]);
        Assert.Equal(ControlState.Stop, states[^1]);
        Assert.Contains("held for 500 ms: what the policy wants is ", robot.Last.Reason, StringComparison.Ordinal);
        Assert.Equal(1, loop.Snapshot().LimitFaults);

        states = [.. Enumerable.Range(0, 30).Select(_ => Tick(0.1f, 0.1f, 0.5f).State)];
        Assert.Equal(Enumerable.Repeat(ControlState.Stop, 20), states[..20]);
        Assert.Equal(ControlState.Policy, states[^1]);

        PublishedAction Tick(params float[] values)
        {
            clock.Advance(TickMs);
            loop.Offer(Make.Action(clock.NowNs, values));
            loop.Tick(clock.NowNs);
            return robot.Last;
        }
    }

    private static string Look(LimitsWatch watch, long ms, params float[] wanted)
    {
        var reason = "";
        for (var passed = 0L; passed < ms; passed += TickMs)
            reason = watch.Look(wanted, TickMs * 1_000_000);
        return reason;
    }

    private static LimitsWatch Watch(bool limits = true) => new(Profile(limits), 500_000_000, ChunkExecution.Freshest);

    private static RobotProfile Profile(bool limits, float rate = 1_000)
    {
        var made = Make.Profile(rate: rate);
        return new RobotProfile(
            "test",
            limits,
            [made.Dimensions[0], made.Dimensions[0] with { Name = "y" }, made.Dimensions[1]]
        );
    }
}
