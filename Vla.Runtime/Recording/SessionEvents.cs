namespace Vla.Runtime.Recording;

/// <summary>
/// What whoever takes part in a recording of episodes is told, and asked: the leader, the policy, the simulated world.
/// </summary>
/// <remarks>
/// To be set before the first action. They come on threads of the recording, one at a time, and whoever is told must
/// return at once.
/// </remarks>
internal sealed class SessionEvents
{
    /// <summary>Why the robot does not do what it is told yet, in words; null when it does.</summary>
    public Func<string?> NotReady { get; set; } = () => null;

    /// <summary>Told that everything is to be set up for the next episode.</summary>
    public Action ResetBegan { get; set; } = () => { };

    /// <summary>Told that an episode is recorded from now on.</summary>
    public Action EpisodeBegan { get; set; } = () => { };

    /// <summary>Told that an episode begins with the policy's next action.</summary>
    public Action PolicyMayAct { get; set; } = () => { };

    /// <summary>Told that an episode has ended.</summary>
    public Action EpisodeEnded { get; set; } = () => { };

    /// <summary>Told what is to be heard, and of which episode, counted from 1.</summary>
    public Action<SessionMoment, int> Heard { get; set; } = (_, _) => { };

    /// <summary>Told once that there is no more to come, and why.</summary>
    public Action<string> Ended { get; set; } = _ => { };
}
