namespace Vla.Actors.Robots;

/// <summary>
/// Takes actions and tells nothing: a console, a file, a socket. What also senses is an <see cref="IRobot"/>.
/// </summary>
public interface IActionOutput : IDisposable
{
    /// <summary>How status and log name this output.</summary>
    string Name { get; }

    /// <summary>
    /// True (the default) when <see cref="Apply"/> may block: it is then called on a thread of its own. False when it
    /// always returns at once: it is then called on the control thread itself, with nothing in between, until it holds
    /// that thread up once; from then on it has a thread of its own too, and status and log say so.
    /// </summary>
    bool MayBlock => true;

    /// <summary>
    /// True (the default) for whatever can move something. False for an output that only shows or keeps what is
    /// published: the robot has stopped also when this one has not taken the stop.
    /// </summary>
    bool Moves => true;

    /// <summary>
    /// How many actions may wait while <see cref="Apply"/> blocks. 1 (the default) suits a robot: it only ever gets the
    /// newest. More suits a log that wants every action, in order. When full, the oldest is dropped and counted.
    /// Means nothing when <see cref="MayBlock"/> is false.
    /// </summary>
    int QueueCapacity => 1;

    /// <summary>Carries out one action. An exception is counted and said; a later action is tried again.</summary>
    /// <remarks>
    /// A call that takes longer than 0.5 s counts as a failure while it lasts: no stop reaches the robot meanwhile. The
    /// last action of a run is always a stop; after it the output is disposed, on the thread that applied it.
    /// </remarks>
    void Apply(PublishedAction action);
}
