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

    /// <summary>Counts and times how an observation is answered, with a span where somebody listens.</summary>
    /// <param name="protocol">Which.</param>
    /// <param name="answer">From its last byte to the answer; what it throws is a refusal.</param>
    public async Task<T> MeasureAsync<T>(string protocol, Func<Task<T>> answer)
    {
        // Whatever the thread was doing is not this trace's parent.
        Activity.Current = null;
        using var span = _source.StartActivity("serve", ActivityKind.Server)?.SetTag("vla.serve.protocol", protocol);
        var began = Stopwatch.GetTimestamp();
        try
        {
            var answered = await answer();
            Count(protocol, Stopwatch.GetElapsedTime(began), "answered");
            return answered;
        }
        catch (Exception e)
        {
            Count(protocol, Stopwatch.GetElapsedTime(began), "refused");
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }
    }

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }

    private void Count(string protocol, TimeSpan took, string outcome)
    {
        var by = new KeyValuePair<string, object?>("vla.serve.protocol", protocol);
        var how = new KeyValuePair<string, object?>("vla.serve.outcome", outcome);
        _requests.Add(1, by, how);
        _duration.Record(took.TotalSeconds, by, how);
    }
}
