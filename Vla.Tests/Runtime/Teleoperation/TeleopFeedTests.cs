using Vla.Actors.Robots;
using Vla.Runtime.Teleoperation;

namespace Vla.Tests.Runtime.Teleoperation;

public sealed class TeleopFeedTests
{
    private static readonly RobotProfile Profile = new(
        "test",
        limitsEnabled: true,
        [Dimension("place", HoldBehaviour.Keep), Dimension("speed", HoldBehaviour.Zero)]
    );

    private readonly List<float[]> _felt = [];
    private PublishedAction? _last;

    [Fact]
    public void Whoever_leads_alone_is_told_on_as_it_is()
    {
        var feed = Feed(isCorrection: false);
        float[] told = [0.5f, 1];

        feed.Move(7, told);
        told[0] = 9;

        Assert.Equal(
            [
                [0.5f, 1],
            ],
            _felt
        );
        // There is nothing to correct.
        feed.Corrects = true;
        Assert.False(feed.Corrects);
    }

    [Fact]
    public void A_correction_begins_where_the_robot_is_wherever_the_leader_is_and_speeds_are_as_told()
    {
        var feed = Feed(isCorrection: true);
        _last = Published(10, 3);
        feed.Move(1, [0.5f, 1]);
        Assert.Empty(_felt);

        feed.Corrects = true;
        feed.Move(2, [0.5f, 1]);
        feed.Move(3, [0.75f, 2]);
        feed.Corrects = false;
        feed.Move(4, [0.9f, 2]);

        Assert.Equal(
            [
                [10f, 1],
                [10.25f, 2],
            ],
            _felt
        );
    }

    [Fact]
    public void Each_correction_begins_anew()
    {
        var feed = Feed(isCorrection: true);
        (_last, feed.Corrects) = (Published(10, 0), true);
        feed.Move(1, [0, 0]);
        feed.Corrects = false;

        (_last, feed.Corrects) = (Published(20, 0), true);
        feed.Move(2, [5, 0]);

        Assert.Equal(
            [
                [10f, 0],
                [20f, 0],
            ],
            _felt
        );
    }

    [Fact]
    public void Before_anything_was_published_nothing_is_told_on()
    {
        var feed = Feed(isCorrection: true);
        feed.Corrects = true;

        feed.Move(1, [0, 0]);

        Assert.Empty(_felt);
    }

    private TeleopFeed Feed(bool isCorrection) =>
        new(Profile, isCorrection) { Felt = (_, values) => _felt.Add(values), Last = () => _last };

    private static PublishedAction Published(params float[] values) =>
        new()
        {
            Sequence = 1,
            State = ControlState.Policy,
            Reason = "",
            Values = ActionValues.Create(values),
            Clamped = 0,
            Origin = default,
            PublishedNs = 1,
        };

    private static RobotDimension Dimension(string name, HoldBehaviour hold) =>
        new()
        {
            Name = name,
            Unit = "1",
            Minimum = -100,
            Maximum = 100,
            MaximumRate = 1,
            MaximumAcceleration = 1,
            Hold = hold,
        };
}
