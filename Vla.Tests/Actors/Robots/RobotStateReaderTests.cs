using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Tests.Actors.Robots;

public sealed class RobotStateReaderTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly FeelingRobot _robot;
    private readonly RobotStateReader _reader;

    public RobotStateReaderTests()
    {
        _robot = new FeelingRobot { Now = () => _clock.NowNs };
        _reader = ReaderOf(_robot)!;
    }

    public void Dispose() => _reader.Dispose();

    [Fact]
    public void The_state_at_a_moment_is_the_newest_that_had_been_read_by_then()
    {
        _robot.State = [0.1f, 1];
        _reader.ReadOnce();
        var first = _clock.NowNs;
        _clock.Advance(20);
        _robot.State = [0.2f, 2];
        _reader.ReadOnce();

        Assert.Equal([0.1f, 1], Read(first)!);
        Assert.Equal([0.1f, 1], Read(first + 1)!);
        Assert.Equal([0.2f, 2], Read(_clock.NowNs)!);
        Assert.Null(Read(first - 1));
        Assert.Null(_reader.Problem(_clock.NowNs));
    }

    [Fact]
    public void A_state_that_has_become_too_old_is_not_known()
    {
        _reader.ReadOnce();
        _clock.Advance(400);

        Assert.Null(Read(_clock.NowNs));
        Assert.StartsWith(
            "the state of feeling arm is not known: ",
            _reader.Problem(_clock.NowNs),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Before_the_first_reading_nothing_is_known()
    {
        Assert.Null(Read(_clock.NowNs));
        Assert.Equal("the state of feeling arm is not known: it has not given it yet", _reader.Problem(_clock.NowNs));
    }

    [Fact]
    public void A_robot_that_throws_does_not_know_or_tells_what_is_no_number_is_not_believed_and_asked_again_later()
    {
        _robot.Before = () => throw new IOException("the port\nis gone");
        Assert.Equal(50, _reader.ReadOnce());
        Assert.Equal(100, _reader.ReadOnce());
        Assert.EndsWith("the port is gone", _reader.Problem(_clock.NowNs), StringComparison.Ordinal);

        (_robot.Before, _robot.State) = (() => { }, null);
        Assert.Equal(200, _reader.ReadOnce());
        Assert.EndsWith("it says that it does not know it", _reader.Problem(_clock.NowNs), StringComparison.Ordinal);

        _robot.State = [0.1f, float.NaN];
        for (var i = 0; i < 10; i++)
            Assert.InRange(_reader.ReadOnce(), 400, 1_000);
        Assert.EndsWith("its x is not a number", _reader.Problem(_clock.NowNs), StringComparison.Ordinal);

        _robot.State = [0.1f, 1];
        Assert.Equal(20, _reader.ReadOnce());
        Assert.Null(_reader.Problem(_clock.NowNs));
    }

    [Fact]
    public void A_robot_that_does_not_come_back_holds_nobody_up_and_is_named()
    {
        _reader.ReadOnce();
        using var inside = new ManualResetEventSlim();
        using var free = new ManualResetEventSlim();
        _robot.Before = () =>
        {
            inside.Set();
            free.Wait();
        };
        _reader.Start();
        Assert.True(inside.Wait(TimeSpan.FromSeconds(20)));
        _clock.Advance(1_000);

        Assert.Equal("the state of feeling arm is not known: it has not answered", _reader.Problem(_clock.NowNs));
        _reader.Dispose();
        free.Set();
    }

    [Fact]
    public void A_reading_of_long_ago_is_forgotten_and_never_mistaken()
    {
        for (var i = 0; i < 1_000; i++)
        {
            _robot.State = [i, i];
            _reader.ReadOnce();
            _clock.Advance(1);
        }

        var now = _clock.NowNs;
        Assert.Equal([999, 999], Read(now)!);
        Assert.Equal([900, 900], Read(now - 100 * MonotonicTime.NsPerMs)!);
        Assert.Null(Read(now - 900 * MonotonicTime.NsPerMs));
    }

    [Fact]
    public void A_policy_gets_what_it_wants_by_name_in_its_order()
    {
        _robot.State = [0.4f, 2];
        _reader.ReadOnce();
        var values = new float[2];

        Assert.True(
            RobotStates
                .Select(_reader, new StateSpec(["x", "gripper"], ["m", "1"], [], []))
                .TryRead(_clock.NowNs, values)
        );

        Assert.Equal([2, 0.4f], values);
    }

    [Theory]
    [InlineData(
        "jaw",
        "m",
        "robot 'feeling arm' does not tell 'jaw', which the policy wants to know (state.names): it tells gripper, x"
    )]
    [InlineData("x", "mm", "robot 'feeling arm' tells its x in m, the policy wants it in mm: make them the same")]
    public void What_a_policy_wants_and_the_robot_does_not_tell_so_is_an_error(
        string name,
        string unit,
        string message
    ) =>
        Assert.Equal(
            message,
            Assert
                .Throws<RobotProfileException>(() => RobotStates.Select(_reader, new StateSpec([name], [unit], [], [])))
                .Message
        );

    [Fact]
    public void A_robot_that_feels_nothing_has_no_reader() =>
        Assert.Null(ReaderOf(new FeelingRobot { StateNames = [], StateUnits = [] }));

    [Fact]
    public void A_reading_counts_from_when_it_was_true_and_not_from_when_it_came()
    {
        var measuredNs = _clock.NowNs;
        var robot = new FeelingRobot { Now = () => measuredNs };
        using var reader = ReaderOf(robot)!;
        _clock.Advance(250);
        reader.ReadOnce();

        Assert.Equal(measuredNs, reader.Newest!.Value.AtNs);
        Assert.Null(reader.Problem(_clock.NowNs));
        _clock.Advance(60);
        reader.ReadOnce();
        Assert.EndsWith("it has not measured it anew", reader.Problem(_clock.NowNs), StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_that_has_not_come_yet_or_goes_back_is_not_believed()
    {
        var atNs = _clock.NowNs + 1;
        using var reader = ReaderOf(new FeelingRobot { Now = () => atNs })!;
        reader.ReadOnce();
        Assert.Contains("the time it gives has not come yet", reader.Problem(_clock.NowNs), StringComparison.Ordinal);

        atNs = _clock.NowNs;
        reader.ReadOnce();
        Assert.Null(reader.Problem(_clock.NowNs));
        atNs--;
        Assert.NotEqual(20, reader.ReadOnce());
    }

    [Fact]
    public void A_robot_with_a_loop_of_its_own_writes_into_its_own_ring_and_is_not_asked()
    {
        var ring = new StateRing(2);
        using var reader = ReaderOf(
            new FeelingRobot { States = ring, Before = () => throw new InvalidOperationException("not asked") }
        )!;
        reader.Start();
        Assert.EndsWith("it has not given it yet", reader.Problem(_clock.NowNs), StringComparison.Ordinal);
        ring.Add(_clock.NowNs, [0.5f, 3]);

        var values = new float[2];
        Assert.True(reader.TryRead(_clock.NowNs + 5, values, out var readNs));
        Assert.Equal((0.5f, 3f, _clock.NowNs), (values[0], values[1], readNs));
        Assert.Null(reader.Problem(_clock.NowNs));
    }

    [Fact]
    public void A_robot_that_measures_rarely_is_believed_for_as_long_and_one_that_measures_often_is_asked_as_often()
    {
        using var slow = ReaderOf(new FeelingRobot { StateRateHz = 2, Now = () => _clock.NowNs })!;
        using var quick = ReaderOf(new FeelingRobot { StateRateHz = 200, Now = () => _clock.NowNs })!;

        Assert.Equal((500, 5), (slow.ReadOnce(), quick.ReadOnce()));
        _clock.Advance(1_400);
        Assert.Null(slow.Problem(_clock.NowNs));
        Assert.NotNull(quick.Problem(_clock.NowNs));
        _clock.Advance(200);
        Assert.NotNull(slow.Problem(_clock.NowNs));
    }

    [Fact]
    public void A_robot_that_is_back_is_asked_at_once_however_long_it_was_to_be_left_alone()
    {
        using var asked = new SemaphoreSlim(0);
        var isAway = true;
        _robot.Before = () =>
        {
            asked.Release();
            if (isAway)
                throw new IOException("away");
        };
        for (var i = 0; i < 10; i++)
            _reader.ReadOnce();
        _reader.Start();
        for (var i = 0; i < 11; i++)
            Assert.True(asked.Wait(TimeSpan.FromSeconds(20)));
        isAway = false;

        _reader.Forget();

        Assert.True(asked.Wait(TimeSpan.FromSeconds(20)));
        Assert.True(SpinWait.SpinUntil(() => _reader.Problem(_clock.NowNs) is null, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void What_was_read_before_the_robot_was_away_counts_no_more()
    {
        _reader.ReadOnce();
        _clock.Advance(10);
        _reader.Forget();
        Assert.NotNull(_reader.Problem(_clock.NowNs));
        _clock.Advance(10);
        _reader.ReadOnce();
        Assert.Null(_reader.Problem(_clock.NowNs));
    }

    [Fact]
    public void A_position_in_another_unit_than_the_profiles_is_an_error()
    {
        var robot = new FeelingRobot { StateNames = ["gripper"], StateUnits = ["mm"] };

        Assert.Contains(
            "tells its gripper in mm, the robot profile has it in 1",
            Refusal(robot),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Names_and_units_that_do_not_go_together_are_errors()
    {
        Assert.Contains(
            "names 2 values of its state and 1 units",
            Refusal(new FeelingRobot { StateUnits = ["m"] }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "names 'x' twice",
            Refusal(new FeelingRobot { StateNames = ["x", "x"] }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "an empty name or unit",
            Refusal(new FeelingRobot { StateUnits = ["m", ""] }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "StateRateHz",
            Refusal(new FeelingRobot { StateRateHz = double.NaN }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "its States hold 3",
            Refusal(new FeelingRobot { States = new StateRing(3) }),
            StringComparison.Ordinal
        );
    }

    private string Refusal(FeelingRobot robot) => Assert.Throws<RobotProfileException>(() => ReaderOf(robot)).Message;

    private RobotStateReader? ReaderOf(FeelingRobot robot) =>
        RobotStates.ReaderOf(robot, Make.Profile(), new ClockTime(_clock), rateHz: 50);

    private float[]? Read(long atNs)
    {
        var values = new float[2];
        return _reader.TryRead(atNs, values, out _) ? values : null;
    }
}
