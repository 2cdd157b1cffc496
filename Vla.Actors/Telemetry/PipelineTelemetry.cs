using System.Reflection;
using Vla.Actors.Observers;
using Vla.Actors.Robots;
using Vla.Actors.Wiring;

namespace Vla.Actors.Telemetry;

/// <summary>
/// Metrics and traces of one pipeline, for whoever listens to the meter and the activity source <c>Vla</c>.
/// </summary>
/// <remarks>Without one the pipeline keeps no more than the counts that status shows.</remarks>
internal sealed class PipelineTelemetry : IObserver, IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Vla";

    private readonly VlaMetrics _metrics;
    private readonly ActionTracer _tracer;
    private readonly IObserverSubscription _subscription;

    /// <param name="parts">The pipeline.</param>
    /// <param name="profile">Names the dimensions.</param>
    /// <param name="tracesPerSecond">At most so many actions a second are traced; 0 for none.</param>
    public PipelineTelemetry(PipelineParts parts, RobotProfile profile, double tracesPerSecond)
    {
        _metrics = new VlaMetrics(parts, profile, () => _subscription?.Snapshot().Missed ?? 0);
        _tracer = new ActionTracer(parts.Time, tracesPerSecond);
        _subscription = parts.Control.Observers.Add(this);
    }

    /// <summary>
    /// Version of Vla, without the commit: a label of every metric should not change with each build.
    /// </summary>
    public static string? Version { get; } =
        typeof(PipelineTelemetry)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0];

    /// <summary>This pipeline's meter; others have the same name.</summary>
    internal System.Diagnostics.Metrics.Meter Meter => _metrics.Meter;

    string IObserver.Name => "telemetry";

    Sightings IObserver.Wants => Sightings.Ticks | Sightings.FirstActions;

    /// <summary>Four seconds of ticks at 1000 Hz.</summary>
    int IObserver.QueueCapacity => 4096;

    /// <summary>Waits until what has happened so far is recorded, so that what is exported at the end has it.</summary>
    public void Flush() => _subscription.Flush(TimeSpan.FromSeconds(1));

    void IObserver.Observe(in Sighting sighting)
    {
        switch (sighting.What)
        {
            case null:
                _metrics.RecordTick(sighting.Value);
                break;

            case FirstPublished action:
                _metrics.RecordAction(action);
                _tracer.Trace(action);
                break;
        }
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _tracer.Dispose();
        _metrics.Dispose();
    }
}
