using Vla.Actors.Robots;
using Vla.Runtime.Recording;

namespace Vla.Runtime.Teleoperation;

/// <summary>Leads a robot: tells again and again where it is to be, or how it is to move.</summary>
/// <remarks>
/// A leader arm, a keyboard, a game pad, a script. It has a thread of its own, and whoever it leads is behind the
/// control loop with its limits.
/// </remarks>
internal interface ITeleoperator : IDisposable
{
    /// <summary>As it was given.</summary>
    string Name { get; }

    /// <summary>Why it tells nothing, in words; null while it does. From any thread.</summary>
    string? Lost { get; }

    /// <summary>Whether it takes keys of the terminal (<see cref="Press"/>).</summary>
    bool TakesKeys => false;

    /// <summary>What its keys or buttons do, in a line; empty for one that has none.</summary>
    string Help => "";

    /// <summary>Looks whether it is there.</summary>
    /// <exception cref="RobotException">It is not, or not as it has to be.</exception>
    void Connect() { }

    /// <summary>Begins to tell.</summary>
    /// <param name="feed">What it tells is told to it.</param>
    void Start(TeleopFeed feed);

    /// <summary>A key was pressed.</summary>
    void Press(ConsoleKeyInfo key) { }

    /// <summary>Everything is set up for the next episode; a script waits meanwhile.</summary>
    void ResetBegan() { }

    /// <summary>An episode is recorded from now on; a script begins.</summary>
    void EpisodeBegan() { }
}

/// <summary>What is asked for with a button of whatever leads.</summary>
internal enum TeleopRequest
{
    /// <summary>See <see cref="EpisodeCommand.Next"/>.</summary>
    Next,

    /// <summary>See <see cref="EpisodeCommand.Again"/>.</summary>
    Again,

    /// <summary>See <see cref="EpisodeCommand.End"/>.</summary>
    End,

    /// <summary>Correct what the policy does, or leave it to the policy again.</summary>
    Correct,

    /// <summary>Stop the robot, or let it go on.</summary>
    Stop,
}
