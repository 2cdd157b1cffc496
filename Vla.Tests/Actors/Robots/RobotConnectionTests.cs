using Vla.Actors.Robots;

namespace Vla.Tests.Actors.Robots;

public sealed class RobotConnectionTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly ManualClock _clock = new();
    private readonly FeelingRobot _robot;
    private readonly RobotConnection _connection;

    public RobotConnectionTests()
    {
        _robot = new FeelingRobot { Now = () => _clock.NowNs };
        _connection = new RobotConnection(_robot, new ClockTime(_clock));
    }

    public void Dispose() => _connection.Dispose();

    [Fact]
    public void A_robot_is_connected_used_disconnected_and_closed_in_this_order()
    {
        Assert.Throws<RobotLostException>(() => Apply());
        _connection.Connect(CancellationToken.None);
        Apply();
        _connection.Dispose();

        Assert.Equal(["connect", "disconnect", "dispose"], _robot.Done);
        Assert.Throws<RobotLostException>(() => Apply());
    }

    [Fact]
    public void A_robot_that_is_not_there_is_an_error_in_its_own_words()
    {
        _robot.Connecting = _ => throw new IOException("there is no port /dev/ttyACM7:\nplug it in");

        var error = Assert.Throws<RobotException>(() => _connection.Connect(CancellationToken.None));

        Assert.Equal(
            "robot 'feeling arm' cannot be connected: there is no port /dev/ttyACM7: plug it in",
            error.Message
        );
        Assert.Equal(Vla.Runtime.ExitCodes.Robot, Vla.Runtime.ExitCodes.For(error));
    }

    [Fact]
    public void One_that_never_connects_is_given_up_told_so_and_let_go_should_it_come_after_all()
    {
        using var late = new ManualResetEventSlim();
        var isTold = false;
        _robot.Connecting = told =>
        {
            late.Wait(CancellationToken.None);
            isTold = told.IsCancellationRequested;
        };

        var error = Assert.Throws<RobotException>(() =>
            _connection.Connect(TimeSpan.FromMilliseconds(20), CancellationToken.None)
        );
        late.Set();

        Assert.Contains("has not come back for 0", error.Message, StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => _robot.Done.Contains("disconnect"), Soon));
        Assert.True(isTold);
    }

    [Fact]
    public void A_robot_that_says_it_is_lost_is_left_alone_and_connected_anew()
    {
        _connection.Connect(CancellationToken.None);
        using var back = new ManualResetEventSlim();
        var tries = 0;
        _robot.Connecting = _ =>
        {
            back.Wait(CancellationToken.None);
            if (++tries == 1)
                throw new IOException("still no plug");
        };
        _robot.Acting = _ => throw new RobotLostException("the plug is out");
        Assert.Throws<RobotLostException>(() => Apply());
        Assert.Equal("the robot feeling arm is lost: the plug is out", _connection.Lost);
        _robot.Acting = _ => { };

        Assert.Throws<RobotLostException>(() => Apply());
        Assert.Throws<RobotLostException>(() => _connection.ReadState(new float[2]));
        back.Set();

        Assert.True(SpinWait.SpinUntil(() => _connection.Lost is null, Soon));
        Apply();
        Assert.Equal(1, _connection.Reconnected);
        Assert.Equal(["connect", "disconnect", "connect", "connect"], _robot.Done);
    }

    [Fact]
    public void A_robot_that_notices_itself_that_it_is_gone_is_connected_anew_though_it_is_told_nothing()
    {
        _connection.Connect(CancellationToken.None);
        Assert.Null(_connection.Lost);
        _robot.Connecting = _ => _robot.Gone = null;

        _robot.Gone = "its cable is out";

        Assert.Equal("the robot feeling arm is lost: its cable is out", _connection.Lost);
        Assert.True(SpinWait.SpinUntil(() => _connection.Reconnected == 1, Soon));
        Assert.Null(_connection.Lost);
    }

    [Fact]
    public void What_fails_for_longer_than_a_second_at_all_it_is_asked_for_is_lost_too_and_what_works_in_part_is_not()
    {
        _connection.Connect(CancellationToken.None);
        _robot.Acting = _ => throw new IOException("the port is closed");
        for (var i = 0; i < 30; i++)
        {
            Assert.Throws<IOException>(() => Apply());
            _clock.Advance(100);
            _connection.ReadState(new float[2]);
        }

        Assert.Null(_connection.Lost);
        Assert.Throws<IOException>(() => Apply());
        _clock.Advance(999);
        Assert.Throws<IOException>(() => Apply());
        Assert.Null(_connection.Lost);
        _clock.Advance(2);
        Assert.Throws<IOException>(() => Apply());

        Assert.Contains("the port is closed", _connection.Lost ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void The_connection_is_not_touched_while_a_call_is_under_way()
    {
        _connection.Connect(CancellationToken.None);
        using var inside = new ManualResetEventSlim();
        using var free = new ManualResetEventSlim();
        _robot.Before = () =>
        {
            inside.Set();
            free.Wait();
        };
        var reading = Task.Run(() => _connection.ReadState(new float[2]));
        Assert.True(inside.Wait(Soon));
        _robot.Acting = _ => throw new RobotLostException("gone");
        Assert.Throws<RobotLostException>(() => Apply());
        Assert.DoesNotContain("disconnect", _robot.Done);
        free.Set();

        Assert.True(SpinWait.SpinUntil(() => _connection.Lost is null, Soon));
        Assert.True(reading.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_robot_that_writes_into_its_action_changes_nobody_elses()
    {
        PublishedAction? given = null;
        _connection.Connect(CancellationToken.None);
        _robot.Acting = action => given = action;
        var action = Make.Published(1, ControlState.Policy);

        _connection.Apply(action);

        Assert.NotSame(action.Values, given!.Values);
        Assert.Equal(action.Values, given.Values);
    }

    private void Apply() => _connection.Apply(Make.Published(1, ControlState.Policy));
}
