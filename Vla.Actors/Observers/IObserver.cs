namespace Vla.Actors.Observers;

/// <summary>Watches a controller at work: recording, telemetry, a page, a log, a program of one's own.</summary>
/// <remarks>
/// Each has a queue and a thread of its own: what it does with what it sees, however long that takes, holds nothing up.
/// When its queue is full the newest is left out for it and counted (<see cref="ObserverSnapshot.Missed"/>).
/// </remarks>
public interface IObserver
{
    /// <summary>As status and log name it.</summary>
    string Name { get; }

    /// <summary>What it wants to see; asked once.</summary>
    Sightings Wants { get; }

    /// <summary>
    /// How many sightings may wait for it, 2 at least; asked once. 256 is over a second of ticks at 200 Hz.
    /// </summary>
    int QueueCapacity => 256;

    /// <summary>
    /// Something has happened. Called on the observer's own thread, in the order in which it happened for each kind.
    /// </summary>
    /// <remarks>What it throws is counted, and said once; the next sighting comes all the same.</remarks>
    void Observe(in Sighting sighting);
}
