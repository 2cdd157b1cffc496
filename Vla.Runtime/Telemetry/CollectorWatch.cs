using System.Diagnostics.Tracing;

namespace Vla.Runtime.Telemetry;

/// <summary>
/// Says once that an OpenTelemetry collector does not take what it is sent, and once that it does again.
/// </summary>
/// <remarks>
/// The exporters tell nobody but an event source
/// (https://github.com/open-telemetry/opentelemetry-dotnet/blob/main/src/OpenTelemetry/README.md#troubleshooting).
/// </remarks>
internal sealed partial class CollectorWatch : EventListener
{
    private const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";
    private const string Success = "ExportSuccess";

    private readonly Lock _lock = new();
    private readonly ILogger<CollectorWatch> _logger;

    // Metrics and traces have an address each, mostly of the same collector.
    private readonly Dictionary<string, string> _failing = [];

    public CollectorWatch(ILogger<CollectorWatch> logger)
    {
        _logger = logger;
        // Not while the base class is made, when there is no logger yet.
        foreach (var source in EventSource.GetSources())
            Listen(source);
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (_logger is not null)
            Listen(eventSource);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName == Success)
            Took(Collector(eventData));
        else if (eventData.Level <= EventLevel.Warning)
            Refused(Collector(eventData), Reason(eventData));
    }

    /// <summary>Notes that something could not be sent.</summary>
    internal void Refused(string collector, string reason)
    {
        lock (_lock)
        {
            var said = _failing.Any(failing => Host(failing.Key) == Host(collector));
            _failing[collector] = reason;
            if (!said)
                Log.Refuses(_logger, Host(collector), reason);
        }
    }

    /// <summary>Notes that something was sent.</summary>
    internal void Took(string collector)
    {
        lock (_lock)
        {
            if (_failing.Remove(collector) && !_failing.Any(failing => Host(failing.Key) == Host(collector)))
                Log.TakesAgain(_logger, Host(collector));
        }
    }

    private void Listen(EventSource source)
    {
        if (source.Name == Exporter)
            EnableEvents(source, EventLevel.Informational);
    }

    private static string Host(string collector) =>
        Uri.TryCreate(collector, UriKind.Absolute, out var address)
            ? address.GetLeftPart(UriPartial.Authority)
            : collector;

    /// <summary>Every event that has an address has it first.</summary>
    private static string Collector(EventWrittenEventArgs written) =>
        written.Payload is [string first, ..] && Uri.IsWellFormedUriString(first, UriKind.Absolute)
            ? first
            : "the collector";

    /// <summary>The exception's message, which stands between its type and its stack; else all that is told.</summary>
    private static string Reason(EventWrittenEventArgs written)
    {
        if (written.EventName is "RequestTimedOut" or "OperationUnexpectedlyCanceled")
            return "no answer";
        var told = written.Payload?.OfType<string>().LastOrDefault(text => text.Length > 0) ?? written.EventName ?? "";
        var line = told.Split('\n', 2)[0].Trim();
        var type = line.IndexOf("Exception: ", StringComparison.Ordinal);
        if (line.Contains("CanceledException: ", StringComparison.Ordinal))
            return "no answer";
        return type < 0 ? line : line[(type + "Exception: ".Length)..];
    }

    private static partial class Log
    {
        [LoggerMessage(
            90,
            LogLevel.Warning,
            "the collector {Collector} does not take metrics or traces ({Reason}); they are lost until it does"
        )]
        public static partial void Refuses(ILogger logger, string collector, string reason);

        [LoggerMessage(91, LogLevel.Information, "the collector {Collector} takes metrics and traces again")]
        public static partial void TakesAgain(ILogger logger, string collector);
    }
}
