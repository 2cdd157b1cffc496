using Vla.Actors.Robots;

namespace Vla.Tests.Actors.Robots;

public class RobotOutputTests
{
    private const long Ms = 1_000_000;

    private readonly ManualClock _clock = new();

    [Fact]
    public void A_direct_robot_that_fails_is_counted_left_alone_for_a_while_and_recovers()
    {
        var broken = true;
        var robot = new FakeRobot { Before = _ => Fail(broken) };
        using var output = Output(robot);

        output.Send(Make.Published(1, ControlState.Policy, 0));
        output.Send(Make.Published(2, ControlState.Policy, 10 * Ms));
        output.Send(Make.Published(3, ControlState.Policy, 60 * Ms));
        broken = false;
        output.Send(Make.Published(4, ControlState.Policy, 100 * Ms));
        output.Send(Make.Published(5, ControlState.Policy, 161 * Ms));
        output.Send(Make.Published(6, ControlState.Policy, 162 * Ms));

        Assert.Equal([5, 6], robot.Applied.Select(action => action.Sequence));
        var snapshot = output.Snapshot();
        Assert.Equal(
            (2, 2, 2, false, "the plug is out"),
            (snapshot.Applied, snapshot.Failures, snapshot.Dropped, snapshot.Failing, snapshot.LastError)
        );
    }

    [Fact]
    public void A_stop_is_tried_at_once_even_after_a_failure()
    {
        var broken = true;
        var robot = new FakeRobot { Before = _ => Fail(broken) };
        using var output = Output(robot);
        output.Send(Make.Published(1, ControlState.Policy, 0));
        broken = false;

        output.Send(Make.Published(2, ControlState.Stop, 1 * Ms));

        Assert.Equal(ControlState.Stop, robot.Last.State);
    }

    [Fact]
    public void A_robot_that_blocks_gets_only_the_newest_action()
    {
        using var release = new ManualResetEventSlim();
        using var inside = new ManualResetEventSlim();
        var robot = new FakeRobot
        {
            MayBlock = true,
            Before = _ =>
            {
                inside.Set();
                release.Wait();
            },
        };
        using var output = Output(robot);
        output.Send(Make.Published(1, ControlState.Policy, _clock.NowNs));
        Assert.True(inside.Wait(TimeSpan.FromSeconds(20)), "the robot was not called");
        for (var i = 2; i <= 10; i++)
            output.Send(Make.Published(i, ControlState.Policy, _clock.NowNs));
        release.Set();
        robot.Await(2);

        Assert.Equal([1, 10], robot.Applied.Select(action => action.Sequence));
        Assert.Equal(8, output.Snapshot().Dropped);
        output.Finish(Make.Published(11, ControlState.Stop, _clock.NowNs));
        robot.AwaitClosed();
    }

    [Fact]
    public void A_log_gets_every_action_in_order_while_its_queue_lasts_and_then_loses_the_oldest()
    {
        using var release = new ManualResetEventSlim();
        using var inside = new ManualResetEventSlim();
        var robot = new FakeRobot
        {
            MayBlock = true,
            QueueCapacity = 4,
            Before = _ =>
            {
                inside.Set();
                release.Wait();
            },
        };
        using var output = Output(robot);
        output.Send(Make.Published(1, ControlState.Policy, _clock.NowNs));
        Assert.True(inside.Wait(TimeSpan.FromSeconds(20)), "the robot was not called");
        for (var i = 2; i <= 7; i++)
            output.Send(Make.Published(i, ControlState.Policy, _clock.NowNs));
        output.Finish(Make.Published(8, ControlState.Stop, _clock.NowNs));
        release.Set();
        robot.AwaitClosed();

        Assert.Equal([1, 4, 5, 6, 7, 8], robot.Applied.Select(action => action.Sequence));
        Assert.Equal(2, output.Snapshot().Dropped);
    }

    [Fact]
    public void A_blocking_robot_that_fails_is_tried_again_until_it_recovers()
    {
        var failures = 0;
        using var failed = new SemaphoreSlim(0);
        var robot = new FakeRobot
        {
            MayBlock = true,
            Before = _ =>
            {
                if (failures++ > 1)
                    return;
                failed.Release();
                Fail(true);
            },
        };
        using var output = Output(robot);
        for (var i = 1; i <= 2; i++)
        {
            output.Send(Make.Published(i, ControlState.Policy, _clock.NowNs));
            Assert.True(failed.Wait(TimeSpan.FromSeconds(20)));
        }

        output.Send(Make.Published(3, ControlState.Policy, _clock.NowNs));
        robot.Await(1);

        Assert.Equal(3, robot.Last.Sequence);
        output.Finish(Make.Published(4, ControlState.Stop, _clock.NowNs));
        robot.AwaitClosed();
        Assert.Equal((2, 2, false), (output.Snapshot().Applied, output.Snapshot().Failures, output.Snapshot().Failing));
    }

    [Fact]
    public void The_last_message_is_tried_again_when_the_robot_fails_at_it()
    {
        var failures = 0;
        var robot = new FakeRobot { MayBlock = true, Before = _ => Fail(failures++ < 2) };
        using var output = Output(robot);

        output.Finish(Make.Published(1, ControlState.Stop, _clock.NowNs));
        robot.AwaitClosed();

        Assert.Equal(ControlState.Stop, robot.Last.State);
    }

    private RobotOutput Output(FakeRobot robot) => RobotOutput.For(robot, _clock, 20 * Ms);

    private static void Fail(bool really)
    {
        if (really)
            throw new IOException("the plug is out");
    }
}
