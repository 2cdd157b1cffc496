using Vla.Actors.Pipeline;

namespace Vla.Actors.Telemetry;

/// <summary>Carries what the control thread did to whoever measures and traces it, without that thread waiting for anyone.</summary>
/// <remarks>
/// A histogram that exporters read is guarded by a lock, and a trace is a handful of objects: neither belongs on the
/// control thread. It leaves a record here instead, and drops it where nobody fetched the ones before.
/// </remarks>
public sealed class TelemetryFeed
{
    /// <summary>Ticks that fit: four seconds at 1000 Hz.</summary>
    private const int Ticks = 4096;

    /// <summary>Actions that fit.</summary>
    private const int Actions = 1024;

    private readonly Ring<long> _lateness = new(Ticks);
    private readonly Ring<ActionRecord> _actions = new(Actions);

    /// <summary>Records that were dropped.</summary>
    public long Lost => _lateness.Lost + _actions.Lost;

    /// <summary>Notes how late a tick was, nanoseconds.</summary>
    internal void Ticked(long latenessNs) => _lateness.Write(latenessNs);

    /// <summary>Notes that a chunk's first action was published.</summary>
    internal void Published(in ActionRecord action) => _actions.Write(action);

    internal bool TryTakeLateness(out long latenessNs) => _lateness.TryRead(out latenessNs);

    internal bool TryTakeAction(out ActionRecord action) => _actions.TryRead(out action);
}

/// <summary>A chunk's first action on its way out; times are monotonic nanoseconds.</summary>
/// <param name="Sequence">Number of the published action.</param>
/// <param name="Origin">Where it came from, and when each stage worked on it.</param>
/// <param name="OfferedNs">When the control loop got it.</param>
/// <param name="PublishedNs">When the tick began that published it.</param>
/// <param name="SentNs">When every output had it.</param>
internal readonly record struct ActionRecord(long Sequence, Origin Origin, long OfferedNs, long PublishedNs, long SentNs);
