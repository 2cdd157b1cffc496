using Microsoft.Extensions.Logging;
using Vla.Actors.Publishing;

namespace Vla.Tests.Actors.Publishing;

public sealed class ControlReportActorTests() : PipelineTestKit(TestScheduling)
{
    private readonly ListLogger _log = new();

    [Fact]
    public async Task Refusals_are_said_once_a_second_at_most_with_their_number()
    {
        var clock = new ManualClock();
        using var control = new ControlLoop(RobotProfile.Load(Repository.File("config/robots/notebook.json")), new ControlOptions(), [], clock);
        var report = Start(ControlReportActor.Props(control, _log));
        await HandledAsync(report);
        for (var i = 0; i < 100; i++)
        {
            control.Offer(new ActionChunk([float.NaN, 0, 0, 0, 0, 0, 0], 1, 1, new Origin { CapturedNs = clock.NowNs, Instruction = "go" }));
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

        Assert.Equal(["control: stop the operator said stop", $"control: hold {control.Snapshot().Reason}"], _log.Lines);
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
        using var control = Control(out _);
        var report = Start(ControlReportActor.Props(control, _log));
        await HandledAsync(report);

        control.Shutdown("the controller is shutting down");
        Watch(report);
        Sys.Stop(report);
        await ExpectTerminatedAsync(report);

        Assert.Equal(["control: stop the controller is shutting down"], _log.Lines);
    }

    private static ControlLoop Control(out ManualClock clock)
    {
        clock = new ManualClock();
        return new ControlLoop(RobotProfile.Load(Repository.File("config/robots/notebook.json")), new ControlOptions(), [], clock);
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

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));
    }
}
