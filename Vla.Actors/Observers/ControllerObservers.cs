using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Vla.Actors.Observers;

/// <summary>Everybody who watches a controller, and the one way by which they are told.</summary>
/// <remarks>
/// Whoever has something to show calls <see cref="Show"/>, from any thread: it costs a copy into each queue and never
/// waits.
/// </remarks>
public sealed class ControllerObservers : IDisposable
{
    private readonly Lock _gate = new();
    private ObserverRun[] _runs = [];
    private int _wanted;

    /// <summary>Where an observer that throws is named.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>Begins to tell an observer what it wants to see.</summary>
    public IObserverSubscription Add(IObserver observer)
    {
        var run = new ObserverRun(observer, this);
        lock (_gate)
            Use([.. _runs, run]);
        run.Start();
        return run;
    }

    /// <summary>Whether anybody wants to see a kind: what is costly to make need not be made otherwise.</summary>
    public bool AreWanted(Sightings kind) => (Volatile.Read(ref _wanted) & (int)kind) != 0;

    /// <summary>Shows something to all who want to see it.</summary>
    public void Show(in Sighting sighting)
    {
        if (!AreWanted(sighting.Kind))
            return;
        foreach (var run in Volatile.Read(ref _runs))
            run.Offer(sighting);
    }

    /// <summary>How each observer stands.</summary>
    public IReadOnlyList<ObserverSnapshot> Snapshot() => [.. Volatile.Read(ref _runs).Select(run => run.Snapshot())];

    /// <summary>Waits until all that was shown so far has been seen, or for so long.</summary>
    /// <returns>False when that was not enough.</returns>
    public bool Flush(TimeSpan bound) => Volatile.Read(ref _runs).All(run => run.Flush(bound));

    /// <summary>Ends all of them; what waits is shown first, for a bounded time.</summary>
    public void Dispose()
    {
        foreach (var run in Volatile.Read(ref _runs))
            run.Dispose();
    }

    internal void Remove(ObserverRun run)
    {
        lock (_gate)
            Use([.. _runs.Where(other => other != run)]);
    }

    private void Use(ObserverRun[] runs)
    {
        Volatile.Write(ref _runs, runs);
        Volatile.Write(ref _wanted, runs.Aggregate(0, (wanted, run) => wanted | (int)run.Wants));
    }
}

/// <summary>How an observer stands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Seen">Sightings that it was shown.</param>
/// <param name="Missed">Sightings that were left out because its queue was full.</param>
/// <param name="Failures">How often it threw.</param>
/// <param name="LastError">What it threw last, one line; null when it never did.</param>
public sealed record ObserverSnapshot(string Name, long Seen, long Missed, long Failures, string? LastError);

/// <summary>
/// An observer that is being told; disposing ends that, what waits for it is shown first, for a bounded time.
/// </summary>
public interface IObserverSubscription : IDisposable
{
    /// <summary>How the observer stands.</summary>
    ObserverSnapshot Snapshot();

    /// <summary>Waits until it has seen all that was shown so far, or for so long.</summary>
    /// <returns>False when that was not enough.</returns>
    bool Flush(TimeSpan bound);
}
