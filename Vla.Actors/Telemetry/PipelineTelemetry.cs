using System.Reflection;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Actors.Wiring;

namespace Vla.Actors.Telemetry;

/// <summary>Metrics and traces of one pipeline, for whoever listens to the meter and the activity source <c>Vla</c>.</summary>
/// <remarks>Without one the pipeline keeps no more than the counts that status shows.</remarks>
public sealed class PipelineTelemetry : IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Vla";

    /// <summary>How often what the control thread left is fetched.</summary>
    public static readonly TimeSpan FetchEvery = TimeSpan.FromMilliseconds(250);

    private readonly TelemetryFeed _feed = new();
    private readonly ControlLoop _control;
    private readonly VlaMetrics _metrics;
    private readonly ActionTracer _tracer;
    private readonly ITimer _timer;
    private readonly Lock _fetching = new();

    /// <param name="parts">The pipeline.</param>
    /// <param name="profile">Names the dimensions.</param>
    /// <param name="tracesPerSecond">At most so many actions a second are traced; 0 for none.</param>
    public PipelineTelemetry(PipelineParts parts, RobotProfile profile, double tracesPerSecond)
    {
        _control = parts.Control;
        _metrics = new VlaMetrics(parts, profile, _feed);
        _tracer = new ActionTracer(parts.Time, tracesPerSecond);
        _control.Feed = _feed;
        _timer = parts.Time.CreateTimer(_ => Fetch(), null, FetchEvery, FetchEvery);
    }

    /// <summary>Version of Vla, without the commit: a label of every metric should not change with each build.</summary>
    public static string? Version { get; } = typeof(PipelineTelemetry).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];

    /// <summary>This pipeline's meter; others have the same name.</summary>
    internal System.Diagnostics.Metrics.Meter Meter => _metrics.Meter;

    /// <summary>Records and traces what the control thread left since the last time.</summary>
    public void Fetch()
    {
        // A timer does not wait for its own last call.
        if (!_fetching.TryEnter()) return;
        try
        {
            while (_feed.TryTakeLateness(out var latenessNs)) _metrics.RecordTick(latenessNs);
            while (_feed.TryTakeAction(out var action))
            {
                _metrics.RecordAction(action);
                _tracer.Trace(action);
            }
        }
        finally
        {
            _fetching.Exit();
        }
    }

    public void Dispose()
    {
        _control.Feed = null;
        _timer.Dispose();
        Fetch();
        _tracer.Dispose();
        _metrics.Dispose();
    }
}
