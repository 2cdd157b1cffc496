namespace Vla.Actors.Publishing;

/// <summary>Where actions go. Implement this to drive your own robot.</summary>
public interface IRobot : IDisposable
{
    /// <summary>How status and log name this output.</summary>
    string Name { get; }

    /// <summary>
    /// True (the default) when <see cref="Apply"/> may block: it then gets a thread of its own and only ever the
    /// newest action. False when it always returns at once: it is then called on the control thread itself.
    /// </summary>
    bool MayBlock => true;

    /// <summary>Carries out one action. An exception is counted and said; the next action is tried again.</summary>
    void Apply(PublishedAction action);
}
