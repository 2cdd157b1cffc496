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

        Scheduler.Advance(ControlReportActor.SayAtMost);
        await HandledAsync(report);
        Scheduler.Advance(ControlReportActor.SayAtMost);
        await HandledAsync(report);

        var said = Assert.Single(_log.Lines, line => line.Contains("refused", StringComparison.Ordinal));
        Assert.StartsWith("100 actions refused: the action's x is not a number", said, StringComparison.Ordinal);
    }

    private sealed class ListLogger : ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue(formatter(state, exception));
    }
}
