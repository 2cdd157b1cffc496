using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Vla.Runtime.Telemetry;

namespace Vla.Tests.Runtime.Telemetry;

public sealed class CollectorWatchTests : IDisposable
{
    private const string Metrics = "http://127.0.0.1:4318/v1/metrics";
    private const string Traces = "http://127.0.0.1:4318/v1/traces";

    private readonly Lines _log = new();
    private readonly CollectorWatch _watch;

    public CollectorWatchTests() => _watch = new CollectorWatch(_log);

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void A_collector_that_is_down_is_said_once_for_metrics_and_traces()
    {
        for (var i = 0; i < 10; i++)
        {
            _watch.Refused(Traces, "Connection refused");
            _watch.Refused(Metrics, "Connection refused");
        }

        Assert.Equal(
            [
                "Warning: the collector http://127.0.0.1:4318 does not take metrics or traces (Connection refused); "
                    + "they are lost until it does",
            ],
            _log.Written
        );
    }

    [Fact]
    public void It_is_back_when_it_takes_both()
    {
        _watch.Refused(Traces, "Connection refused");
        _watch.Refused(Metrics, "Connection refused");

        _watch.Took(Traces);
        Assert.Single(_log.Written);
        _watch.Took(Metrics);
        _watch.Took(Metrics);

        Assert.Equal(
            "Information: the collector http://127.0.0.1:4318 takes metrics and traces again",
            _log.Written.Last()
        );
        Assert.Equal(2, _log.Written.Count);
    }

    [Fact]
    public void Traces_that_are_taken_do_not_hide_metrics_that_are_not()
    {
        for (var i = 0; i < 10; i++)
        {
            _watch.Took(Traces);
            _watch.Refused(Metrics, "404 (Not Found)");
        }

        Assert.Single(_log.Written);
    }

    private sealed class Lines : ILogger<CollectorWatch>
    {
        public ConcurrentQueue<string> Written { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Written.Enqueue($"{logLevel}: {formatter(state, exception)}");
    }
}
