using Vla.Sensors;

namespace Vla.Actors.Publishing;

/// <summary>One robot behind the control loop: counts, backs off after failures, and sees to the last message.</summary>
internal abstract class RobotOutput(IRobot robot) : IDisposable
{
    // What somebody else wrote may write into what it is given, whatever the types say: it gets a copy.
    private readonly bool _isOurs = robot.GetType().Assembly.GetName().Name is "Vla.Actors" or "Vla.Runtime";

    protected const int FirstBackOffMs = 50;
    protected const int LongestBackOffMs = 1_000;

    private long _applied;
    private long _failures;
    private long _dropped;
    private string _lastError = "";
    private volatile bool _failing;
    private volatile bool _finished;

    public static RobotOutput For(IRobot robot) => robot.MayBlock ? new ThreadedOutput(robot) : new DirectOutput(robot);

    /// <summary>Whether the robot has had its last message and was disposed.</summary>
    public bool Finished => _finished;

    /// <summary>Takes an action from the control thread; never throws, never blocks.</summary>
    public abstract void Send(PublishedAction action);

    /// <summary>Takes the run's last action; whatever is sent later is ignored. May be called from any thread, once.</summary>
    /// <param name="last">A stop; null when there is nothing to be said.</param>
    /// <param name="alone">Whether the control thread is known to stay away meanwhile.</param>
    public abstract void Finish(PublishedAction? last, bool alone);

    /// <summary>Waits until the robot has had its last message.</summary>
    public abstract void WaitFinished(int milliseconds);

    /// <summary>Lets go of what the hand-over needed. Nothing is sent any more.</summary>
    public abstract void Dispose();

    public OutputSnapshot Snapshot() => new(
        robot.Name, Interlocked.Read(ref _applied), Interlocked.Read(ref _failures), Interlocked.Read(ref _dropped),
        _failing, Volatile.Read(ref _lastError), _finished);

    protected void CountDropped() => Interlocked.Increment(ref _dropped);

    /// <summary>How long to leave the robot alone after its nth failure in a row.</summary>
    protected static int BackOffMs(int failuresInARow)
        => Math.Min(LongestBackOffMs, FirstBackOffMs << Math.Min(failuresInARow - 1, 10));

    protected bool TryApply(PublishedAction action)
    {
        try
        {
            robot.Apply(_isOurs ? action : action.Copy());
            Interlocked.Increment(ref _applied);
            _failing = false;
            return true;
        }
        catch (Exception exception)
        {
            // Whatever a robot throws, the control loop goes on: it is the loop that can still say stop.
            Fail(exception.Message);
            return false;
        }
    }

    protected void Fail(string error)
    {
        Volatile.Write(ref _lastError, error);
        _failing = true;
        Interlocked.Increment(ref _failures);
    }

    protected void Close()
    {
        try
        {
            robot.Dispose();
        }
        catch (Exception exception)
        {
            Fail(exception.Message);
        }

        _finished = true;
    }
}

/// <summary>A robot that never blocks, called on the control thread itself.</summary>
internal sealed class DirectOutput(IRobot robot) : RobotOutput(robot)
{
    private int _failuresInARow;
    private long _retryAtNs = long.MinValue;
    private ControlState _lastTried;
    private volatile bool _closed;
    private Thread? _finishing;

    public override void Send(PublishedAction action)
    {
        if (_closed) return;
        // A stop is news that no back-off may delay.
        var stopIsNews = action.State == ControlState.Stop && _lastTried != ControlState.Stop;
        if (action.PublishedNs < _retryAtNs && !stopIsNews)
        {
            CountDropped();
            return;
        }

        _lastTried = action.State;
        if (TryApply(action))
        {
            _failuresInARow = 0;
            _retryAtNs = long.MinValue;
        }
        else
        {
            _retryAtNs = action.PublishedNs + BackOffMs(++_failuresInARow) * MonotonicTime.NsPerMs;
        }
    }

    public override void Finish(PublishedAction? last, bool alone)
    {
        if (_closed) return;
        _closed = true;
        if (!alone)
        {
            // The control thread is stuck, most likely in this very robot, which takes calls from one thread only.
            Fail("blocked the control thread: it must have MayBlock = true");
            return;
        }

        // On a thread of its own: should the robot hang at this message of all, the others still get theirs.
        _finishing = new Thread(() =>
        {
            if (last is not null) TryApply(last);
            Close();
        })
        { Name = "vla-output last", IsBackground = true };
        _finishing.Start();
    }

    public override void WaitFinished(int milliseconds) => _finishing?.Join(milliseconds);

    public override void Dispose()
    {
    }
}
