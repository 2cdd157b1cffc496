using System.Diagnostics;
using System.Diagnostics.Metrics;
using Vla.Actors.Telemetry;

namespace Vla.Runtime.Serving;

/// <summary>Counts, times and traces of what is served; named in docs/wires.md.</summary>
internal sealed class ServingMetrics : IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Vla.Serving";

    private static readonly double[] Buckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

    private readonly Meter _meter = new(Name, PipelineTelemetry.Version);
    private readonly ActivitySource _source = new(Name, PipelineTelemetry.Version);
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;

    /// <param name="taken">How many policies work for clients now.</param>
    public ServingMetrics(Func<int> taken)
    {
        _requests = _meter.CreateCounter<long>("vla.serve.requests", "{request}", "Observations, by how they ended");
        _duration = _meter.CreateHistogram(
            "vla.serve.duration",
            "s",
            "From an observation to its answer",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets }
        );
        _meter.CreateObservableGauge("vla.serve.clients", () => taken(), "{client}", "Policies at work for clients");
    }

    /// <summary>This server's meter; others have the same name.</summary>
    internal Meter Meter => _meter;

    /// <summary>An observation has come: a span from now on, where somebody listens.</summary>
    public Activity? Begin(string protocol)
    {
        // Whatever the thread was doing is not this trace's parent.
        Activity.Current = null;
        return _source.StartActivity("serve", ActivityKind.Server)?.SetTag("vla.serve.protocol", protocol);
    }

    /// <summary>An observation was answered.</summary>
    /// <param name="protocol">Which.</param>
    /// <param name="took">From its last byte to the answer.</param>
    /// <param name="refusal">Why it was refused; null where it was not.</param>
    /// <param name="span">As <see cref="Begin"/> gave it; ended here.</param>
    public void End(string protocol, TimeSpan took, string? refusal, Activity? span)
    {
        var (by, outcome) = (
            new KeyValuePair<string, object?>("vla.serve.protocol", protocol),
            new KeyValuePair<string, object?>("vla.serve.outcome", refusal is null ? "answered" : "refused")
        );
        _requests.Add(1, by, outcome);
        _duration.Record(took.TotalSeconds, by, outcome);
        if (refusal is not null)
            span?.SetStatus(ActivityStatusCode.Error, refusal);
        span?.Dispose();
    }

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }
}
