using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Teleoperation;

namespace Vla.Tests.Runtime.Teleoperation;

public sealed class CartesianHandTests
{
    private IReadOnlyList<float>? _state;

    [Fact]
    public void A_direction_is_a_share_of_the_greatest_step_either_way()
    {
        var hand = Hand(Step("x", -1, 3), Step("delta_y", -1, 3), Step("z", -1, 3));

        hand.Push(HandAxis.X, 0.5);
        hand.Push(HandAxis.Y, -1);

        Assert.Equal([1.5f, -1, 0], hand.Step(0.1).ToArray());
        hand.Rest();
        Assert.Equal([0f, 0, 0], hand.Step(0.1).ToArray());
    }

    [Fact]
    public void A_place_moves_from_where_the_robot_is_within_its_limits_and_no_faster_than_it_may()
    {
        var hand = Hand(Place("x", 0, 40, rate: 5), Place("y", 0, 4, rate: 100));
        Assert.True(hand.Step(0.1).IsEmpty);
        _state = [10, 3.8f];
        Assert.Equal([10f, 3.8f], hand.Step(0.1).ToArray());

        hand.Push(HandAxis.X, 1);
        hand.Push(HandAxis.Y, 1);

        // The whole range takes four seconds at least.
        Assert.Equal([10.5, 3.9], hand.Step(0.1).ToArray().Select(value => Math.Round(value, 5)));
        Assert.Equal(4, hand.Step(1)[1]);
        _state = [2, 2];
        hand.Forget();
        hand.Rest();
        Assert.Equal([2f, 2], hand.Step(0.1).ToArray());
    }

    [Fact]
    public void The_jaw_goes_all_the_way_once_it_is_told_to_and_back_again()
    {
        var hand = Hand(Step("x", -1, 1), Step("y", -1, 1), Jaw());
        Assert.Equal(100, hand.Step(0.1)[2]);

        hand.ToggleJaw();

        Assert.InRange(hand.Step(0.3)[2], 49, 51);
        Assert.Equal(0, hand.Step(1)[2]);
        hand.ToggleJaw();
        Assert.Equal(100, hand.Step(1)[2]);
    }

    [Fact]
    public void A_robot_of_joints_is_refused_with_its_names_and_the_mend()
    {
        var refused = Assert.Throws<UsageException>(() => Hand(Place("shoulder", 0, 1, 1), Place("elbow", 0, 1, 1)));

        Assert.Equal(
            "robot 'test' takes shoulder elbow: the keyboard leads robots whose actions are x, y and so on, such as "
                + "world; lead this one with a leader arm",
            refused.Message
        );
    }

    private CartesianHand Hand(params RobotDimension[] dimensions) =>
        new(
            new RobotProfile("test", limitsEnabled: true, dimensions),
            [
                .. dimensions
                    .Where(one => one.Hold == HoldBehaviour.Keep && one.Name != "gripper")
                    .Select(one => one.Name),
            ],
            () => _state,
            "the keyboard"
        );

    private static RobotDimension Step(string name, float least, float most) =>
        Place(name, least, most, rate: 1) with
        {
            Hold = HoldBehaviour.Zero,
        };

    private static RobotDimension Jaw() => Place("gripper", 0, 100, rate: 100) with { Start = 100 };

    private static RobotDimension Place(string name, float least, float most, float rate) =>
        new()
        {
            Name = name,
            Unit = "1",
            Minimum = least,
            Maximum = most,
            MaximumRate = rate,
            MaximumAcceleration = 1_000,
            Hold = HoldBehaviour.Keep,
        };
}
