using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Runtime.Simulation;
using Vla.Sensors;
using Vla.Sensors.Simulation;

namespace Vla.Tests.Runtime.Simulation;

public sealed class TabletopProfileTests
{
    private const long TickNs = 20 * MonotonicTime.NsPerMs;

    private static readonly RobotProfile Profile = RobotProfile.Load(Repository.File("config/robots/tabletop.json"));

    [Fact]
    public void Its_dimensions_and_limits_are_the_arms_own()
    {
        Assert.Equal(WorldAction.Names, Profile.Dimensions.Select(dimension => dimension.Name));
        Assert.Equal(WorldAction.Units, Profile.Dimensions.Select(dimension => dimension.Unit));
        Assert.All(
            Profile.Dimensions.Take(3),
            dimension => Assert.Equal((float)WorldAction.MaximumMove, dimension.Maximum)
        );
        Assert.Equal((float)WorldAction.MaximumTurn, Profile.Dimensions[5].Maximum);
    }

    [Fact]
    public void A_reversal_at_full_speed_is_followed_within_40_ms()
    {
        var limiter = new ActionLimiter(Profile, TickNs);
        var highest = Profile.Dimensions.Select(dimension => dimension.Maximum).ToArray();
        var lowest = Profile.Dimensions.Select(dimension => dimension.Minimum).ToArray();
        var output = new float[highest.Length];
        for (var i = 0; i < 50; i++)
            limiter.Follow(highest, TickNs, output);

        limiter.Follow(lowest, TickNs, output);
        limiter.Follow(lowest, TickNs, output);

        for (var i = 0; i < output.Length; i++)
        {
            var reversal = highest[i] - lowest[i];
            Assert.InRange(output[i], lowest[i], lowest[i] + 0.05f * reversal);
        }
    }

    [Fact]
    public void The_scripted_expert_is_a_policy_for_it()
    {
        var policy = new ExpertPolicy(() => throw new InvalidOperationException());

        Profile.RequireFits(policy.Action);
        Assert.Null(policy.ReadWords("whatever is said"));
    }
}
