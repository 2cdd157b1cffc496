using Vla.Actors.Scheduling;

namespace Vla.Actors.Robots;

/// <summary>One robot behind the control loop: backs off after failures, and sees to the last message.</summary>
internal abstract class RobotOutput(RobotCaller caller) : IDisposable
{
    protected const int FirstBackOffMs = 50;
    protected const int LongestBackOffMs = 1_000;

    protected RobotCaller Caller { get; } = caller;

    /// <param name="robot">Called by the output alone from now on.</param>
    /// <param name="clock">Times the calls.</param>
    /// <param name="periodNs">From one action to the next, nanoseconds.</param>
    public static RobotOutput For(IActionOutput robot, IControlClock clock, long periodNs)
    {
        var caller = new RobotCaller(robot, clock, periodNs);
        return robot.MayBlock ? new ThreadedOutput(caller) : new DirectOutput(caller, clock, periodNs);
    }

    /// <summary>Takes an action from the control thread; never throws. One that was sent already is ignored.</summary>
    /// <returns>False when the calling thread was held up and is not the control thread any more.</returns>
    public abstract bool Send(PublishedAction action);

    /// <summary>
    /// Takes the run's last action; whatever is sent later is ignored. May be called from any thread, once.
    /// </summary>
    /// <param name="last">A stop; null when there is nothing to be said.</param>
    public abstract void Finish(PublishedAction? last);

    /// <summary>Waits until the robot has had its last message.</summary>
    public abstract void WaitFinished(int milliseconds);

    /// <summary>Lets go of what the hand-over needed. Nothing is sent any more.</summary>
    public abstract void Dispose();

    /// <summary>
    /// How the robot is doing, if it moves and has taken neither this action nor a later one; otherwise null.
    /// </summary>
    public OutputSnapshot? Without(long sequence) =>
        Caller.Moves && Caller.NewestTaken < sequence ? Caller.Snapshot() : null;

    public OutputSnapshot Snapshot() => Caller.Snapshot();

    /// <summary>How long to leave the robot alone after its nth failure in a row.</summary>
    protected static int BackOffMs(int failuresInARow) =>
        Math.Min(LongestBackOffMs, FirstBackOffMs << Math.Min(failuresInARow - 1, 10));
}
