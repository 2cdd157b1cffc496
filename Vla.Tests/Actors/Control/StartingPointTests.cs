using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Control;

/// <summary>Where a robot sets out from: x is a delta, joint a position from −3 to 3; a tick every 10 ms.</summary>
public sealed class StartingPointTests : IDisposable
{
    private const double TickMs = 10;

    private readonly ManualClock _clock = new();
    private readonly FakeRobot _robot = new();
    private readonly FeelingRobot _feeling;
    private RobotStateReader? _reader;
    private ControlLoop? _loop;
    private bool _reads = true;

    public StartingPointTests() =>
        _feeling = new FeelingRobot
        {
            StateNames = ["joint"],
            StateUnits = ["rad"],
            State = [1.5f],
            Now = () => _clock.NowNs,
        };

    public void Dispose()
    {
        _loop?.Dispose();
        _reader?.Dispose();
    }

    [Fact]
    public void A_robot_that_holds_still_by_itself_is_a_hold_for_its_reason_and_sets_out_from_where_it_is_afterwards()
    {
        using var robot = new RobotConnection(_feeling, new ClockTime(_clock));
        robot.Connect(CancellationToken.None);
        using var reader = RobotStates.ReaderOf(robot, Joint(start: 0), new ClockTime(_clock), rateHz: 100)!;
        robot.State = reader;
        using var loop = new ControlLoop(
            Joint(start: 0, rate: 1),
            new ControlOptions { RateHz = 1_000 / TickMs, ResumeAfterStop = ResumeAfterStop.Automatic },
            [_robot, robot],
            _clock,
            state: reader,
            robot: robot
        );
        Assert.Equal((ControlState.Policy, 1.5f), Act(1.5f));

        _feeling.Holding = "the elbow is 63 °C warm";
        Assert.Equal(ControlState.Hold, Act(1.5f).State);
        Assert.StartsWith(
            "the robot feeling arm holds still: the elbow is 63 °C warm",
            loop.Last!.Reason,
            StringComparison.Ordinal
        );

        // It has sunk a little meanwhile.
        (_feeling.Holding, _feeling.State, _feeling.Note) = (null, [1], "the elbow is 50 °C warm");
        reader.ReadOnce();
        Act(1);
        Assert.Equal((ControlState.Policy, 1), Act(1));
        Assert.Contains(loop.Snapshot().Outputs, output => output.Note == "the elbow is 50 °C warm");

        (ControlState State, float Value) Act(float value)
        {
            _clock.Advance(1);
            reader.ReadOnce();
            loop.Offer(Make.Action(_clock.NowNs, 0, value));
            _clock.Advance(TickMs);
            reader.ReadOnce();
            loop.Tick(_clock.NowNs);
            return (loop.Last!.State, loop.Last.Values[1]);
        }
    }

    [Fact]
    public void A_robot_that_is_lost_holds_then_stops_for_that_reason_and_sets_out_from_where_it_is_when_it_is_back()
    {
        using var back = new ManualResetEventSlim();
        using var robot = new RobotConnection(_feeling, new ClockTime(_clock));
        robot.Connect(CancellationToken.None);
        using var reader = RobotStates.ReaderOf(robot, Joint(start: 0), new ClockTime(_clock), rateHz: 100)!;
        robot.State = reader;
        using var loop = new ControlLoop(
            Joint(start: 0, rate: 1),
            new ControlOptions
            {
                RateHz = 1_000 / TickMs,
                HoldMs = 50,
                ResumeAfterStop = ResumeAfterStop.Automatic,
            },
            [_robot],
            _clock,
            state: reader,
            robot: robot
        );
        Assert.Equal((ControlState.Policy, 1.5f), Act(1.5f));

        _feeling.Connecting = _ => back.Wait(CancellationToken.None);
        _feeling.Before = () => throw new RobotLostException("the plug is out");
        reader.ReadOnce();
        Assert.Equal(ControlState.Hold, Act(1.5f).State);
        Assert.StartsWith(
            "the robot feeling arm is lost: the plug is out",
            loop.Last!.Reason,
            StringComparison.Ordinal
        );
        for (var i = 0; i < 10; i++)
            Act(1.5f);
        Assert.Equal(ControlState.Stop, loop.Last!.State);

        // Somebody has moved it meanwhile.
        (_feeling.Before, _feeling.State) = (() => { }, [-1]);
        back.Set();
        SpinWait.SpinUntil(() => robot.Lost is null, TimeSpan.FromSeconds(20));
        Act(-1);
        Assert.Equal((ControlState.Policy, -1f), Act(-1));

        (ControlState State, float Joint) Act(float joint)
        {
            _clock.Advance(1);
            if (robot.Lost is null)
                reader.ReadOnce();
            loop.Offer(Make.Action(_clock.NowNs, 0, joint));
            _clock.Advance(TickMs);
            if (robot.Lost is null)
                reader.ReadOnce();
            loop.Tick(_clock.NowNs);
            return (loop.Last!.State, loop.Last.Values[1]);
        }
    }

    [Fact]
    public void The_first_hold_of_a_position_is_where_the_robot_is()
    {
        Use(Joint(start: 0));

        Tick();

        Assert.Equal([0, 1.5f], Assert.Single(_robot.Applied).Values);
    }

    [Fact]
    public void The_first_action_sets_out_from_there_within_the_limits()
    {
        Use(Joint(start: 0, rate: 1));
        Tick();
        Offer(-2);

        Assert.InRange(Tick().Values[1], 1.48f, 1.5f);
    }

    [Fact]
    public void Until_the_robot_has_told_where_it_is_nothing_is_sent_to_it_and_no_action_is_followed()
    {
        _feeling.State = null;
        Use(Joint(start: 0));
        Tick();
        Offer(1.5f);
        Tick();

        Assert.Empty(_robot.Applied);
        Assert.Equal(2UL, _loop!.Last!.Unknown);
        Assert.Equal(
            (ControlState.Hold, "the state of feeling arm is not known: it says that it does not know it"),
            (_loop.Last.State, _loop.Last.Reason)
        );

        _feeling.State = [1.5f];
        Offer(1.5f);

        Assert.Equal(ControlState.Policy, Tick().State);
        Assert.Equal(1.5f, _robot.Last.Values[1]);
    }

    [Fact]
    public void What_only_shows_or_keeps_actions_is_told_all_along()
    {
        _feeling.State = null;
        var log = new Log();
        Use(Joint(start: 0), log);

        Tick();

        Assert.Equal(1, log.Actions);
        Assert.Empty(_robot.Applied);
    }

    [Fact]
    public void Neither_a_stop_nor_the_last_message_says_a_position_that_is_not_known()
    {
        _feeling.State = null;
        Use(Joint(start: 0));
        Tick();
        _loop!.Stop("stopped by the operator");
        Tick();
        _loop.Shutdown("done");

        Assert.Empty(_robot.Applied);
        _robot.AwaitClosed();
    }

    [Theory]
    [InlineData(0.05f, ControlState.Policy)]
    [InlineData(0.7f, ControlState.Hold)]
    [InlineData(-0.7f, ControlState.Hold)]
    public void Without_state_nothing_is_published_before_an_action_within_reach_of_the_start_that_the_profile_says(
        float first,
        ControlState state
    )
    {
        Use(Joint(start: 0, reachWithoutState: 0.6f), withState: false);
        Tick();
        Assert.Empty(_robot.Applied);

        Offer(first);
        Tick();

        Assert.Equal(state, _loop!.Last!.State);
        Assert.Equal(state == ControlState.Policy, _robot.Applied.Count > 0);
    }

    [Fact]
    public void An_action_out_of_reach_is_said_with_the_mend_and_one_within_it_is_followed()
    {
        Use(Joint(start: 0, reachWithoutState: 0.6f), withState: false);
        Offer(2);
        Tick();
        Assert.Equal(
            "the first action's joint is 2 rad, out of reach (0.6) from 0, where the robot starts by its profile: "
                + "bring the two together, or set \"reach\" in the robot profile",
            _loop!.Last!.Reason
        );

        Offer(0.5f);

        Assert.Equal(ControlState.Policy, Tick().State);
    }

    [Fact]
    public void Once_under_way_reach_bounds_nothing()
    {
        Use(Joint(start: 0, reachWithoutState: 0.6f), withState: false);
        Offer(0.5f);
        Tick();
        Offer(2);

        Assert.Equal(ControlState.Policy, Tick().State);
    }

    [Fact]
    public void Where_the_reach_is_the_whole_range_the_robot_may_be_anywhere_and_is_told_from_the_beginning()
    {
        Use(Joint(start: 0.5f, reachWithoutState: 6), withState: false);

        Assert.Equal([0, 0.5f], Tick().Values);
    }

    [Fact]
    public void A_reach_of_the_profile_bounds_the_first_action_of_a_robot_that_tells_where_it_is_too()
    {
        Use(Joint(start: 0, reach: 0.1f));
        Offer(1);
        Assert.Equal(ControlState.Hold, Tick().State);
        Assert.Contains(
            "out of reach (0.1) from 1.5, where the robot is",
            _robot.Last.Reason,
            StringComparison.Ordinal
        );

        Offer(1.45f);

        Assert.Equal(ControlState.Policy, Tick().State);
    }

    [Fact]
    public void After_a_stop_the_robot_goes_on_from_where_somebody_has_moved_it_meanwhile()
    {
        Use(Joint(start: 0, rate: 1));
        Tick();
        Offer(1.5f);
        Tick();
        _loop!.Stop("stopped by the operator");
        _feeling.State = [-1];
        for (var i = 0; i < 30; i++)
            Tick();
        _loop.Resume();

        Assert.Equal((ControlState.Hold, -1f), (Tick().State, _robot.Last.Values[1]));
        Offer(1.5f);
        Assert.InRange(Tick().Values[1], -1, -0.98f);
    }

    [Fact]
    public void After_a_stop_a_robot_that_does_not_tell_any_more_is_sent_nothing_until_it_does()
    {
        Use(Joint(start: 0));
        Tick();
        _loop!.Stop("stopped by the operator");
        Tick();
        var stops = _robot.Applied.Count;
        _reads = false;
        _clock.Advance(1_000);
        _loop.Resume();
        Tick();

        Assert.Equal(stops, _robot.Applied.Count);
        _reads = true;
        Assert.Equal((ControlState.Hold, 1.5f), (Tick().State, _robot.Last.Values[1]));
    }

    [Fact]
    public void After_a_stop_without_state_the_first_action_must_be_within_reach_of_what_was_last_told()
    {
        Use(Joint(start: 0, reachWithoutState: 0.6f), withState: false);
        Offer(0.5f);
        Tick();
        for (var i = 0; i < 100; i++)
            Tick();
        Assert.Equal(ControlState.Stop, _robot.Last.State);

        Offer(-1);
        Tick();
        Assert.Equal(ControlState.Stop, _robot.Last.State);
        Assert.Contains("from 0.5, where the robot was last told to be", _robot.Last.Reason, StringComparison.Ordinal);

        Offer(0.4f);
        Assert.Equal(ControlState.Policy, Tick().State);
    }

    [Fact]
    public void A_short_hold_goes_on_from_what_was_told_and_a_long_one_from_where_the_robot_is()
    {
        Use(Joint(start: 0, rate: 1), options: new ControlOptions { HoldMs = 60_000, MaximumActionAgeMs = 10 });
        Tick();
        Offer(1.5f);
        Tick();
        _feeling.State = [1];
        for (var i = 0; i < 10; i++)
            Tick();
        Offer(1.5f);
        Assert.Equal(1.5f, Tick().Values[1]);

        for (var i = 0; i < 60; i++)
            Tick();
        Assert.Equal(1.5f, _robot.Last.Values[1]);
        Offer(1.5f);

        Assert.InRange(Tick().Values[1], 1, 1.02f);
    }

    [Fact]
    public void A_robot_that_stands_outside_its_limits_is_held_there_and_moves_back_into_them_only()
    {
        _feeling.State = [4];
        Use(Joint(start: 0, rate: 1, acceleration: 10));
        Assert.Equal(4, Tick().Values[1]);
        Offer(0);
        var positions = new List<float> { 4 };
        for (var i = 0; i < 300; i++)
        {
            if (i % 10 == 0)
                Offer(0);
            positions.Add(Tick().Values[1]);
        }

        Assert.All(positions.Zip(positions.Skip(1)), pair => Assert.InRange(pair.First - pair.Second, -1e-6f, 0.0111f));
        Assert.InRange(positions[^1], 0, 3);
    }

    [Fact]
    public void While_the_state_that_a_policy_takes_is_unknown_nobody_moves_and_what_was_made_without_it_is_ignored()
    {
        Use(Joint(start: 0), policyTakesState: true);
        Tick();
        Offer(1.5f);
        Assert.Equal(ControlState.Policy, Tick().State);

        _reads = false;
        for (var i = 0; i < 35; i++)
        {
            Offer(1.5f);
            Tick();
        }

        var without = Make.Action(_clock.NowNs, 0, 1.5f);
        _loop!.Offer(without);
        Assert.Equal(ControlState.Hold, Tick().State);
        Assert.StartsWith("the state of feeling arm is not known: ", _robot.Last.Reason, StringComparison.Ordinal);

        _reads = true;
        Tick();
        _loop.Offer(without);
        Assert.Equal(ControlState.Hold, Tick().State);
        Offer(1.5f);
        Assert.Equal(ControlState.Policy, Tick().State);
    }

    private static RobotProfile Joint(
        float start,
        float reach = float.PositiveInfinity,
        float? reachWithoutState = null,
        float rate = 1_000,
        float acceleration = 1_000_000
    ) =>
        new(
            "test",
            true,
            [
                new RobotDimension
                {
                    Name = "x",
                    Unit = "m",
                    Minimum = -1,
                    Maximum = 1,
                    MaximumRate = 1,
                    MaximumAcceleration = 10,
                    Hold = HoldBehaviour.Zero,
                },
                new RobotDimension
                {
                    Name = "joint",
                    Unit = "rad",
                    Minimum = -3,
                    Maximum = 3,
                    MaximumRate = rate,
                    MaximumAcceleration = acceleration,
                    Hold = HoldBehaviour.Keep,
                    Start = start,
                    Reach = reach,
                    ReachWithoutState = reachWithoutState ?? reach,
                },
            ]
        );

    private void Use(
        RobotProfile profile,
        IActionOutput? second = null,
        bool withState = true,
        bool policyTakesState = false,
        ControlOptions? options = null
    )
    {
        _reader = withState ? RobotStates.ReaderOf(_feeling, profile, new ClockTime(_clock), rateHz: 100) : null;
        _loop = new ControlLoop(
            profile,
            (options ?? new ControlOptions()) with
            {
                RateHz = 1_000 / TickMs,
            },
            second is null ? [_robot] : [_robot, second],
            _clock,
            state: _reader,
            policyTakesState: policyTakesState
        );
    }

    private void Offer(float joint)
    {
        _clock.Advance(1);
        if (_reads)
            _reader?.ReadOnce();
        _loop!.Offer(Make.Action(_clock.NowNs, 0, joint));
    }

    private PublishedAction Tick()
    {
        _clock.Advance(TickMs);
        if (_reads)
            _reader?.ReadOnce();
        _loop!.Tick(_clock.NowNs);
        return _loop.Last!;
    }

    private sealed class Log : IActionOutput
    {
        public int Actions { get; private set; }

        public string Name => "log";

        public bool MayBlock => false;

        public bool Moves => false;

        public void Apply(PublishedAction action) => Actions++;

        public void Dispose() { }
    }
}
