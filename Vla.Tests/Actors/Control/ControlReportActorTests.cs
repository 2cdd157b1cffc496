using Akka.Actor;
using Microsoft.Extensions.Logging;
using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Tests.Actors.Robots;
using Vla.Tests.Actors.Wiring;

namespace Vla.Tests.Actors.Control;

public sealed class ControlReportActorTests() : PipelineTestKit(TestScheduling)
{
    private static readonly int PerSecond = (int)(ControlReportActor.SayAtMost / ControlReportActor.LookEvery);

    private readonly ListLogger _log = new();
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Refusals_are_said_once_a_second_at_most_with_their_number()
    {
        var clock = new ManualClock();
        using var control = new ControlLoop(
            RobotProfile.Load(Repository.File("config/robots/notebook.json")),
            new ControlOptions(),
            [],
            clock
        );
        var report = Start(ControlReportActor.Props(control, _log));
        await HandledAsync(report);
        for (var i = 0; i < 100; i++)
        {
            control.Offer(
                new ActionChunk(
                    [float.NaN, 0, 0, 0, 0, 0, 0],
                    1,
                    1,
                    new Origin { CapturedNs = clock.NowNs, Words = new WordsInForce(1, "go") }
                )
            );
            control.Tick(clock.NowNs);
        }

        await LooksAsync(report, ControlReportActor.SayAtMost);
        await LooksAsync(report, ControlReportActor.SayAtMost);

        var said = Assert.Single(_log.Lines, line => line.Contains("refused", StringComparison.Ordinal));
        Assert.StartsWith("100 actions refused: the action's x is not a number", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_is_said_with_the_next_look_however_much_was_said_just_before()
    {
        using var control = Control(out var clock);
        var report = Start(ControlReportActor.Props(control, _log));
        control.IdleReason = "no instruction yet";
        Tick(control, clock);
        await LooksAsync(report, ControlReportActor.LookEvery);

        control.Stop("the operator said stop");
        Tick(control, clock);
        await LooksAsync(report, ControlReportActor.LookEvery);

        Assert.Equal("control: stop the operator said stop", _log.Lines.Last());
    }

    [Fact]
    public async Task A_stop_that_is_over_before_anybody_looks_is_said_and_then_what_came_after_it()
    {
        using var control = Control(out var clock);
        var report = Start(ControlReportActor.Props(control, _log));
        await HandledAsync(report);

        control.Stop("the operator said stop");
        Tick(control, clock);
        control.Resume();
        Tick(control, clock);
        await LooksAsync(report, ControlReportActor.SayAtMost + ControlReportActor.LookEvery);

        Assert.Equal(
            ["control: stop the operator said stop", $"control: hold {control.Snapshot().Reason}"],
            _log.Lines
        );
    }

    [Fact]
    public async Task A_state_that_comes_and_goes_is_said_once_a_second_at_most()
    {
        using var control = Control(out var clock);
        var report = Start(ControlReportActor.Props(control, _log));
        for (var i = 0; i < 40; i++)
        {
            control.IdleReason = i % 2 == 0 ? "one thing" : "another";
            Tick(control, clock);
            await LooksAsync(report, ControlReportActor.LookEvery);
        }

        Assert.InRange(_log.Lines.Count, 1, 3);
    }

    [Fact]
    public async Task The_last_state_is_said_when_the_controller_ends()
    {
        // A loop that never published anything has nothing to say at its end either.
        using var control = Control(out var clock);
        Tick(control, clock);
        var report = Start(ControlReportActor.Props(control, _log));
        await HandledAsync(report);

        control.Shutdown("the controller is shutting down");
        Watch(report);
        Sys.Stop(report);
        await ExpectTerminatedAsync(report);

        Assert.Equal(["control: stop the controller is shutting down"], _log.Lines);
    }

    [Fact]
    public async Task An_output_that_fails_from_the_first_action_on_is_said_at_the_first_look()
    {
        var robot = new FakeRobot { Name = "arm", Before = _ => throw new IOException("the port is gone") };
        using var control = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], _clock);
        control.Tick(_clock.NowNs);
        var report = Start(ControlReportActor.Props(control, _log));
        await HandledAsync(report);

        await LookAsync(report);
        await LookAsync(report);

        Assert.Single(_log.Lines, "output arm fails: the port is gone");
        Assert.True(ControlReportActor.LookEvery < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_robot_that_hangs_has_not_stopped_and_works_again_is_said_each_once()
    {
        using var inside = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var robot = new FakeRobot
        {
            Name = "arm",
            MayBlock = true,
            Before = _ =>
            {
                inside.Set();
                release.Wait();
            },
        };
        using var control = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], _clock);
        var report = Start(ControlReportActor.Props(control, _log));
        await HandledAsync(report);
        control.Tick(_clock.NowNs);
        Assert.True(inside.Wait(TimeSpan.FromSeconds(20)), "the robot was not called");
        _clock.Advance(600);
        await LookAsync(report, times: PerSecond);
        Assert.Equal(["output arm fails: it has not returned for 0.6 s"], Outputs());

        control.Stop("stopped by an operator");
        control.Tick(_clock.NowNs);
        _clock.Advance(400);
        await LookAsync(report, times: PerSecond + 1);
        Assert.Equal(
            "output arm has not taken the stop: it has not returned for 1.0 s; the robot may still be moving",
            Outputs().Last()
        );

        release.Set();
        robot.Await(2);
        Assert.True(
            SpinWait.SpinUntil(
                () => control.Snapshot().Outputs[0] is { Failing: false, NewestTaken: 2 },
                TimeSpan.FromSeconds(20)
            )
        );
        await LookAsync(report, times: PerSecond + 1);
        Assert.Equal("output arm works again after 1 failures", Outputs().Last());
        Assert.Equal(3, Outputs().Count);
    }

    [Fact]
    public async Task A_robot_that_held_up_the_control_thread_is_said()
    {
        var robot = new FakeRobot { Name = "arm", Before = _ => _clock.Advance(700) };
        using var control = new ControlLoop(Make.Profile(), new ControlOptions(), [robot], _clock);
        control.Tick(_clock.NowNs);
        var report = Start(ControlReportActor.Props(control, _log));
        await HandledAsync(report);

        await LookAsync(report);

        Assert.Contains(
            "output arm: it held up the control thread for 700 ms and has a thread of its own now: it must have "
                + "MayBlock = true",
            _log.Lines
        );
        Assert.Contains(
            "output arm fails: it took 700 ms for one action, allowed are 500 ms: no stop reaches it meanwhile",
            _log.Lines
        );
    }

    private List<string> Outputs() =>
        [.. _log.Lines.Where(line => line.StartsWith("output", StringComparison.Ordinal))];

    private async Task LookAsync(IActorRef report, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            Scheduler.Advance(ControlReportActor.LookEvery);
            await HandledAsync(report);
        }
    }

    private static ControlLoop Control(out ManualClock clock)
    {
        clock = new ManualClock();
        return new ControlLoop(
            RobotProfile.Load(Repository.File("config/robots/notebook.json")),
            new ControlOptions(),
            [],
            clock
        );
    }

    private static void Tick(ControlLoop control, ManualClock clock)
    {
        clock.Advance(20);
        control.Tick(clock.NowNs);
    }

    private async Task LooksAsync(Akka.Actor.IActorRef report, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += ControlReportActor.LookEvery)
        {
            Scheduler.Advance(ControlReportActor.LookEvery);
            await HandledAsync(report);
        }
    }

    private sealed class ListLogger : ILogger
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Lines.Enqueue(formatter(state, exception));
    }
}
