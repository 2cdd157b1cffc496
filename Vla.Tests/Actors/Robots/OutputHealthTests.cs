using Vla.Actors.Control;
using Vla.Actors.Robots;

namespace Vla.Tests.Actors.Robots;

/// <summary>
/// Outputs that hang, are slow or misbehave: the loop goes on, the others get their stop, and it is said.
/// </summary>
public sealed class OutputHealthTests : IDisposable
{
    private const int Patience = 20_000;

    private readonly ManualClock _clock = new();
    private readonly ManualResetEventSlim _inside = new();
    private readonly ManualResetEventSlim _release = new();

    public void Dispose()
    {
        _release.Set();
        _inside.Dispose();
    }

    [Fact]
    public void When_a_robot_on_the_control_thread_hangs_the_loop_goes_on_without_it_and_the_others_are_stopped()
    {
        using var clock = new SteppingClock(waits: 2);
        var hanging = new FakeRobot { Name = "hanging", Before = action => Hang(action.Sequence == 2) };
        var direct = new FakeRobot { Name = "direct" };
        var threaded = new FakeRobot
        {
            Name = "threaded",
            MayBlock = true,
            QueueCapacity = 100,
        };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [hanging, direct, threaded], clock);
        loop.Start();
        AwaitInside();

        // What the thread that hangs had not passed on comes first, so nobody misses a message.
        clock.Advance(40);
        direct.Await(2);
        Assert.Equal([1, 2], direct.Applied.Select(action => action.Sequence));

        loop.Stop("stopped by the operator");
        clock.Allow(1);
        direct.Await(1);
        threaded.Await(3);
        Assert.Equal((3, ControlState.Stop), (direct.Last.Sequence, direct.Last.State));
        Assert.Equal((3, ControlState.Stop), (threaded.Last.Sequence, threaded.Last.State));

        clock.Advance(1_000);
        var snapshot = loop.Snapshot();
        Assert.Equal(
            (true, "it has not returned for 1.1 s"),
            (snapshot.Outputs[0].Failing, snapshot.Outputs[0].LastError)
        );
        Assert.Contains("MayBlock", snapshot.Outputs[0].Note, StringComparison.Ordinal);
        Assert.Equal(["hanging"], snapshot.NotStopped.Select(output => output.Name));

        // It comes back, on a thread of its own, and the stop is what it finds.
        _release.Set();
        hanging.Await(3);
        Assert.Equal([1, 2, 3], hanging.Applied.Select(action => action.Sequence));
        Assert.Empty(loop.Snapshot().NotStopped);
        clock.Allow(1);
        direct.Await(1);
        hanging.Await(1);
        Assert.False(loop.Snapshot().Outputs[0].Failing);
    }

    [Fact]
    public void Two_robots_that_hang_on_the_control_thread_one_after_the_other_are_both_left_behind()
    {
        using var clock = new SteppingClock(waits: 1);
        var first = new FakeRobot { Name = "first", Before = _ => Hang(true) };
        using var insideSecond = new ManualResetEventSlim();
        var second = new FakeRobot
        {
            Name = "second",
            Before = _ =>
            {
                insideSecond.Set();
                _release.Wait();
            },
        };
        var good = new FakeRobot { Name = "good" };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [first, second, good], clock);
        loop.Start();
        AwaitInside();
        clock.Advance(40);
        Assert.True(insideSecond.Wait(Patience));
        clock.Advance(40);
        good.Await(1);
        clock.Allow(5);
        good.Await(5);

        Assert.Equal([1, 2, 3, 4, 5, 6], good.Applied.Select(action => action.Sequence));
        Assert.Equal([true, true, false], loop.Snapshot().Outputs.Select(output => output.Failing));
    }

    [Fact]
    public void A_robot_that_holds_the_control_thread_up_for_longer_than_a_period_gets_a_thread_of_its_own()
    {
        var threads = new List<string?>();
        var robot = new FakeRobot
        {
            Before = _ =>
            {
                lock (threads)
                    threads.Add(Thread.CurrentThread.Name);
                _clock.Advance(25);
            },
        };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions { RateHz = 50 }, [robot], _clock);

        loop.Tick(_clock.NowNs);
        loop.Tick(_clock.NowNs);
        robot.Await(2);

        Assert.Equal("vla-output fake", threads[1]);
        Assert.NotEqual("vla-output fake", threads[0]);
        Assert.Equal(
            "it held up the control thread for 25 ms and has a thread of its own now: it must have MayBlock = true",
            loop.Snapshot().Outputs[0].Note
        );
    }

    [Fact]
    public void Calls_that_take_a_little_longer_than_a_short_period_give_a_robot_its_own_thread_only_in_a_row()
    {
        var tookMs = 0;
        var robot = new FakeRobot { Before = _ => _clock.Advance(tookMs) };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions { RateHz = 1_000 }, [robot], _clock);

        foreach (var ms in (int[])[3, 3, 3, 3, 0, 3, 3, 3, 3])
            TickTaking(ms);
        Assert.Equal("", loop.Snapshot().Outputs[0].Note);
        TickTaking(3);

        Assert.StartsWith(
            "it held up the control thread for 3 ms",
            loop.Snapshot().Outputs[0].Note,
            StringComparison.Ordinal
        );

        void TickTaking(int ms)
        {
            tookMs = ms;
            loop.Tick(_clock.NowNs);
        }
    }

    [Fact]
    public void A_robot_whose_own_thread_hangs_counts_as_failing_after_half_a_second_and_until_it_is_quick_again()
    {
        var robot = new FakeRobot { MayBlock = true, Before = action => Hang(action.Sequence == 1) };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], _clock);
        loop.Tick(_clock.NowNs);
        AwaitInside();

        _clock.Advance(500);
        Assert.False(loop.Snapshot().Outputs[0].Failing);
        _clock.Advance(100);
        Assert.Equal(
            (true, "it has not returned for 0.6 s"),
            (loop.Snapshot().Outputs[0].Failing, loop.Snapshot().Outputs[0].LastError)
        );

        _release.Set();
        robot.Await(1);
        AwaitWell(loop, failing: true);
        Assert.Equal(
            "it took 600 ms for one action, allowed are 500 ms: no stop reaches it meanwhile",
            loop.Snapshot().Outputs[0].LastError
        );
        loop.Tick(_clock.NowNs);
        robot.Await(1);
        AwaitWell(loop, failing: false);
    }

    [Fact]
    public void A_robot_slower_than_its_rate_is_called_so_and_no_longer_once_it_keeps_up()
    {
        var ms = 25;
        var robot = new FakeRobot { MayBlock = true, Before = _ => _clock.Advance(ms) };
        using var output = RobotOutput.For(robot, _clock, periodNs: 20_000_000);
        var sent = 0;

        Send(41);
        Assert.Equal("slower than its rate: an action takes it 25 ms, one comes every 20 ms", output.Snapshot().Note);
        Assert.False(output.Snapshot().Failing);
        ms = 15;
        Send(140);
        Assert.Equal("", output.Snapshot().Note);
        output.Finish(Make.Published(++sent, ControlState.Stop, _clock.NowNs));
        robot.AwaitClosed();

        void Send(int actions)
        {
            for (var i = 0; i < actions; i++)
            {
                output.Send(Make.Published(++sent, ControlState.Policy, _clock.NowNs));
                robot.Await(1);
                Assert.True(SpinWait.SpinUntil(() => output.Snapshot().NewestTaken == sent, Patience));
            }
        }
    }

    [Fact]
    public async Task A_stop_is_answered_once_it_is_published_and_every_robot_has_taken_it()
    {
        var robot = new FakeRobot { MayBlock = true, Before = action => Hang(action.State == ControlState.Stop) };
        var log = new FakeRobot
        {
            Name = "log",
            MayBlock = true,
            Moves = false,
            Before = _ => _release.Wait(),
        };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [robot, log], _clock);
        loop.Tick(_clock.NowNs);

        var answer = loop.StopAsync("stopped by the operator", TimeSpan.FromSeconds(10));
        loop.Tick(_clock.NowNs);
        AwaitInside();
        Assert.False(answer.IsCompleted);
        robot.Before = _ => { };
        _release.Set();

        var outcome = await answer.WaitAsync(TimeSpan.FromMilliseconds(Patience));
        Assert.True(outcome.HasStopped);
        Assert.Equal("stopped by the operator", outcome.Obeyed!.Reason);
    }

    [Fact]
    public async Task A_stop_that_a_robot_does_not_take_names_it_and_one_that_is_not_published_says_so()
    {
        var robot = new FakeRobot
        {
            Name = "arm",
            MayBlock = true,
            Before = action => Hang(action.State == ControlState.Stop),
        };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], _clock);
        loop.Tick(_clock.NowNs);

        var unpublished = loop.StopAsync("stop", TimeSpan.FromSeconds(1));
        _clock.Advance(1_000);
        Assert.Null((await unpublished).Obeyed);
        Assert.False((await unpublished).HasStopped);

        var untaken = loop.StopAsync("stop", TimeSpan.FromSeconds(1));
        loop.Tick(_clock.NowNs);
        AwaitInside();
        _clock.Advance(1_000);
        Assert.Equal(ControlState.Stop, (await untaken).Obeyed!.State);
        Assert.False((await untaken).HasStopped);
        Assert.Equal(
            ("arm", "it has not returned for 1.0 s"),
            ((await untaken).Without.Single().Name, (await untaken).Without.Single().WhyNotTaken)
        );
    }

    [Fact]
    public async Task A_stop_that_somebody_ends_before_it_is_published_is_no_stop()
    {
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [], _clock);
        loop.Tick(_clock.NowNs);

        var answer = loop.StopAsync("stop", TimeSpan.FromSeconds(1));
        loop.Resume();
        loop.Tick(_clock.NowNs);

        Assert.Equal(ControlState.Hold, (await answer).Obeyed!.State);
        Assert.False((await answer).HasStopped);
    }

    [Fact]
    public void A_robot_that_fails_at_the_stop_has_not_stopped()
    {
        var robot = new FakeRobot { Before = action => Fail(action.State == ControlState.Stop) };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], _clock);
        loop.Tick(_clock.NowNs);
        loop.Stop("stop");
        loop.Tick(_clock.NowNs);
        Assert.Empty(loop.Snapshot().NotStopped);

        _clock.Advance(100);
        Assert.Equal("the plug is out", loop.Snapshot().NotStopped.Single().WhyNotTaken);
    }

    [Fact]
    public void A_robot_that_interrupts_its_thread_gets_its_further_actions()
    {
        var robot = new FakeRobot { MayBlock = true, Before = _ => Thread.CurrentThread.Interrupt() };
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], _clock);

        for (var i = 0; i < 3; i++)
        {
            loop.Tick(_clock.NowNs);
            robot.Await(1);
        }

        loop.Shutdown("done");
        robot.AwaitClosed();
    }

    [Fact]
    public void A_robot_that_cannot_say_its_name_or_asks_for_a_huge_queue_is_driven_all_the_same()
    {
        var robot = new Nameless();
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions { FlushMs = Patience }, [robot], _clock);
        loop.Tick(_clock.NowNs);
        loop.Shutdown("done");

        Assert.Equal((nameof(Nameless), 2), (loop.Snapshot().Outputs[0].Name, robot.Applied));
    }

    [Fact]
    public void A_robot_that_cannot_be_closed_has_taken_its_stop_and_ends_nobody_elses_run()
    {
        var robot = new Unclosable(_inside, _release);
        using var loop = new ControlLoop(Make.Profile(), new ControlOptions { FlushMs = 0 }, [robot], _clock);
        loop.Tick(_clock.NowNs);

        loop.Shutdown("done");
        AwaitInside();
        _clock.Advance(600);

        var output = loop.Snapshot().Outputs[0];
        Assert.Equal(
            (false, true, "closing it has not returned for 0.6 s"),
            (output.Finished, output.Failing, output.LastError)
        );
        Assert.Empty(loop.Snapshot().NotStopped);
    }

    private void Hang(bool really)
    {
        if (!really)
            return;
        _inside.Set();
        _release.Wait();
    }

    private void AwaitInside() => Assert.True(_inside.Wait(Patience), "the robot was not called");

    /// <summary>The robot notes an action before its call has ended.</summary>
    private static void AwaitWell(ControlLoop loop, bool failing) =>
        Assert.True(
            SpinWait.SpinUntil(
                () => loop.Snapshot().Outputs[0] is { NewestTaken: > 0 } output && output.Failing == failing,
                Patience
            )
        );

    private static void Fail(bool really)
    {
        if (really)
            throw new IOException("the plug is out");
    }

    private sealed class Nameless : IActionOutput
    {
        private int _applied;

        public string Name => throw new InvalidOperationException("no name");

        public int QueueCapacity => int.MaxValue;

        public int Applied => Volatile.Read(ref _applied);

        public void Apply(PublishedAction action) => Interlocked.Increment(ref _applied);

        public void Dispose() { }
    }

    private sealed class Unclosable(ManualResetEventSlim inside, ManualResetEventSlim release) : IActionOutput
    {
        public string Name => "unclosable";

        public void Apply(PublishedAction action) { }

        public void Dispose()
        {
            inside.Set();
            release.Wait();
        }
    }
}
