using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Control;

/// <summary>The control thread, and how a run ends.</summary>
public class ControlLoopThreadTests
{
    [Fact]
    public void The_thread_ticks_at_every_deadline()
    {
        using var clock = new SteppingClock(waits: 5);
        var robot = new FakeRobot();
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions { RateHz = 100 }, [robot], clock);

        loop.Start();
        robot.Await(5);

        var times = robot.Applied.Take(5).Select(action => action.PublishedNs).ToList();
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.Equal(10_000_000, pair.Second - pair.First));
        Assert.NotEqual("", loop.Snapshot().Scheduling);
        Assert.Equal(0, loop.Snapshot().SkippedTicks);
    }

    [Fact]
    public void An_operators_stop_does_not_wait_for_the_next_tick_of_a_slow_loop()
    {
        using var clock = new SteppingClock(waits: 1);
        var robot = new FakeRobot();
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions { RateHz = 1 }, [robot], clock);
        loop.Start();
        robot.Await(1);

        loop.Stop("stopped by the operator");
        clock.Allow(1);
        robot.Await(1);

        Assert.Equal(ControlState.Stop, robot.Last.State);
        Assert.Equal(50_000_000, robot.Applied[1].PublishedNs - robot.Applied[0].PublishedNs);
    }

    [Fact]
    public void A_clock_that_fails_ends_the_run_with_a_stop()
    {
        using var clock = new SteppingClock(waits: 3);
        var robot = new FakeRobot();
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions { RateHz = 100 }, [robot], clock);
        loop.Start();
        robot.Await(3);

        clock.Break();
        robot.AwaitClosed();

        Assert.Equal(ControlState.Stop, robot.Last.State);
        Assert.Contains("the clock broke", robot.Last.Reason);
        Assert.Equal(1, loop.Snapshot().Faults);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 64)]
    public void The_last_message_of_a_run_is_a_stop_and_then_the_robot_is_closed(bool mayBlock, int capacity)
    {
        var clock = new ManualClock();
        var robot = new FakeRobot { MayBlock = mayBlock, QueueCapacity = capacity };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions { FlushMs = 20_000 }, [robot], clock);
        loop.Offer(Make.Action(clock.NowNs, 0.25f, 0.75f));
        clock.Advance(20);
        loop.Tick(clock.NowNs);

        loop.Shutdown("the service is stopping");
        loop.Tick(clock.NowNs);
        loop.Shutdown("again");

        Assert.True(robot.Closed);
        Assert.Equal((ControlState.Stop, "the service is stopping"), (robot.Last.State, robot.Last.Reason));
        Assert.Equal([0, 0.75f], robot.Last.Values);
        Assert.Single(robot.Applied, action => action.State == ControlState.Stop);
        Assert.True(loop.Snapshot().Outputs.Single().Finished);
    }

    [Fact]
    public void An_output_that_hangs_keeps_neither_the_others_from_their_stop_nor_the_shutdown_from_ending()
    {
        using var release = new ManualResetEventSlim();
        var clock = new ManualClock();
        var hanging = new FakeRobot
        {
            Name = "hanging",
            MayBlock = true,
            Before = _ => release.Wait(),
        };
        var direct = new FakeRobot { Name = "direct" };
        var threaded = new FakeRobot { Name = "threaded", MayBlock = true };
        using var loop = new ControlLoop(
            Make.Profile(),
            new ControlOptions { FlushMs = 50 },
            [hanging, direct, threaded],
            clock
        );
        for (var i = 0; i < 10; i++)
            loop.Tick(clock.NowNs);

        loop.Shutdown("the service is stopping");

        Assert.Equal(ControlState.Stop, direct.Last.State);
        threaded.AwaitClosed();
        Assert.Equal(ControlState.Stop, threaded.Last.State);
        Assert.False(loop.Snapshot().Outputs[0].Finished);

        // Should it come back after all, a stop is what it finds.
        release.Set();
        hanging.AwaitClosed();
        Assert.Equal(ControlState.Stop, hanging.Last.State);
    }

    [Fact]
    public void A_direct_output_that_breaks_its_word_and_hangs_does_not_keep_the_others_from_their_stop()
    {
        using var release = new ManualResetEventSlim();
        using var inside = new ManualResetEventSlim();
        using var clock = new SteppingClock(waits: 1);
        var hanging = new FakeRobot
        {
            Name = "hanging",
            Before = _ =>
            {
                inside.Set();
                release.Wait();
            },
        };
        var threaded = new FakeRobot { Name = "threaded", MayBlock = true };
        using var loop = new ControlLoop(
            Make.Profile(),
            new ControlOptions { FlushMs = 20_000 },
            [hanging, threaded],
            clock
        );
        loop.Start();
        Assert.True(inside.Wait(TimeSpan.FromSeconds(20)), "the robot was not called");

        loop.Shutdown("the service is stopping");

        Assert.True(threaded.Closed);
        Assert.Equal(ControlState.Stop, threaded.Last.State);
        Assert.Contains("MayBlock", loop.Snapshot().Outputs[0].LastError);
        release.Set();
    }

    [Fact]
    public void A_direct_output_that_hangs_at_the_last_message_does_not_keep_the_others_from_theirs()
    {
        using var release = new ManualResetEventSlim();
        var clock = new ManualClock();
        var hanging = new FakeRobot
        {
            Name = "hanging",
            Before = action =>
            {
                if (action.State == ControlState.Stop)
                    release.Wait();
            },
        };
        var direct = new FakeRobot { Name = "direct" };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions { FlushMs = 50 }, [hanging, direct], clock);
        loop.Tick(clock.NowNs);

        loop.Shutdown("the service is stopping");

        direct.AwaitClosed();
        Assert.Equal(ControlState.Stop, direct.Last.State);
        Assert.False(loop.Snapshot().Outputs[0].Finished);
        release.Set();
    }

    [Fact]
    public void A_loop_that_was_started_says_stop_even_before_its_first_tick()
    {
        using var clock = new SteppingClock(waits: 0);
        var robot = new FakeRobot();
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], clock);
        loop.Start();

        loop.Shutdown("the service is stopping");

        robot.AwaitClosed();
        Assert.Equal((1, ControlState.Stop), (robot.Last.Sequence, robot.Last.State));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_loop_that_was_never_started_closes_its_outputs_without_a_word(bool mayBlock)
    {
        var robot = new FakeRobot { MayBlock = mayBlock };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], new ManualClock());

        loop.Dispose();

        robot.AwaitClosed();
        Assert.Empty(robot.Applied);
    }

    [Fact]
    public void A_clock_that_fails_is_told_to_whoever_can_end_the_run_after_the_stop()
    {
        using var lost = new ManualResetEventSlim();
        using var clock = new SteppingClock(waits: 1);
        var robot = new FakeRobot();
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], clock);
        var last = (PublishedAction?)null;
        loop.Lost = _ =>
        {
            last = loop.Last;
            lost.Set();
        };
        loop.Start();

        clock.Break();

        Assert.True(lost.Wait(TimeSpan.FromSeconds(20)));
        Assert.Equal((ControlState.Stop, "the control clock failed: the clock broke"), (last!.State, last.Reason));
    }
}
