using System.Globalization;
using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Actors.Robots;

/// <summary>Calls one robot: counts and times the calls, and says whether the robot is well.</summary>
/// <remarks>Used by one thread at a time; <see cref="Snapshot"/> and what it tells may be read by any.</remarks>
internal sealed class RobotCaller
{
    /// <summary>
    /// A call that takes longer is a failure, also while it lasts: no stop reaches the robot meanwhile.
    /// </summary>
    public const long LongestCallNs = 500 * MonotonicTime.NsPerMs;

    /// <summary>
    /// Over how long, and how many, calls are timed before the robot is called slow: a first call is no sign.
    /// </summary>
    private const long SlowWindowNs = MonotonicTime.NsPerSecond;
    private const int SlowWindowCalls = 10;

    private readonly IActionOutput _robot;
    private readonly IControlClock _clock;
    private readonly long _periodNs;

    // What somebody else wrote may write into what it is given, whatever the types say: it gets a copy.
    private readonly bool _isOurs;

    private long _applied;
    private long _failures;
    private long _dropped;
    private long _newestTaken;
    private string _lastError = "";
    private string _note = "";
    private string _moved = "";
    private volatile bool _failing;
    private volatile bool _finished;
    private volatile bool _isClosing;
    private long _insideSinceNs;
    private long _windowBeganNs;
    private long _windowBusyNs;
    private int _windowCalls;
    private int _windowSlowCalls;

    public RobotCaller(IActionOutput robot, IControlClock clock, long periodNs)
    {
        (_robot, _clock, _periodNs) = (robot, clock, periodNs);
        _isOurs = IsOurs(robot);
        Name = NameOf(robot);
        Moves = robot.Moves;
        _windowBeganNs = clock.NowNs;
    }

    /// <summary>As the robot gave it once; its type where it gave none.</summary>
    public string Name { get; }

    public bool Moves { get; }

    public int QueueCapacity => _robot.QueueCapacity;

    /// <summary>How long the newest call took, nanoseconds.</summary>
    public long TookNs { get; private set; }

    /// <summary>Sequence of the newest action that the robot took without an exception; 0 before.</summary>
    public long NewestTaken => Interlocked.Read(ref _newestTaken);

    public void CountDropped() => Interlocked.Increment(ref _dropped);

    /// <summary>
    /// True for an action that waited so long that the robot has stopped by itself: it would move for what is no more.
    /// </summary>
    public bool IsStale(PublishedAction action) =>
        Moves
        && action.State == ControlState.Policy
        && _clock.NowNs - action.PublishedNs > Math.Max(_periodNs, action.DeadmanMs * MonotonicTime.NsPerMs);

    public bool TryApply(PublishedAction action)
    {
        // Where the robot is not known, whatever moves is told nothing: any value would be a jump.
        if (action.Unknown != 0 && Moves)
        {
            Interlocked.Exchange(ref _newestTaken, action.Sequence);
            return true;
        }

        var beganNs = Enter();
        try
        {
            _robot.Apply(_isOurs ? action : action.Copy());
        }
        catch (Exception exception)
        {
            // Whatever a robot throws, the control loop goes on: it is the loop that can still say stop.
            Fail(InWords(exception));
            Leave(beganNs);
            return false;
        }

        Interlocked.Increment(ref _applied);
        Interlocked.Exchange(ref _newestTaken, action.Sequence);
        Leave(beganNs);
        if (TookNs <= LongestCallNs)
            _failing = false;
        else
            Fail($"it took {Ms(TookNs)} for one action, allowed are {Ms(LongestCallNs)}: no stop reaches it meanwhile");
        return true;
    }

    public void Fail(string error)
    {
        Volatile.Write(ref _lastError, error);
        _failing = true;
        Interlocked.Increment(ref _failures);
    }

    /// <summary>Notes that the robot has a thread of its own from now on, and why.</summary>
    public void NoteMoved(string why) => Volatile.Write(ref _moved, why);

    /// <summary>Disposes the robot. Nothing is applied any more.</summary>
    public void Close()
    {
        _isClosing = true;
        var beganNs = Enter();
        try
        {
            _robot.Dispose();
        }
        catch (Exception exception)
        {
            Fail(InWords(exception));
        }

        Leave(beganNs);
        _finished = true;
    }

    public OutputSnapshot Snapshot()
    {
        var insideSinceNs = Interlocked.Read(ref _insideSinceNs);
        var insideNs = insideSinceNs == 0 ? 0 : _clock.NowNs - insideSinceNs;
        var hangs = insideNs > LongestCallNs;
        var error = !hangs
            ? Volatile.Read(ref _lastError)
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{(_isClosing ? "closing it" : "it")} has not returned for "
                    + $"{insideNs / (double)MonotonicTime.NsPerSecond:0.0} s"
            );
        string[] notes = [Volatile.Read(ref _moved), Volatile.Read(ref _note), (_robot as IRobot)?.Note ?? ""];
        return new OutputSnapshot(
            Name,
            Interlocked.Read(ref _applied),
            Interlocked.Read(ref _failures),
            Interlocked.Read(ref _dropped),
            hangs || _failing,
            error,
            _finished
        )
        {
            Moves = Moves,
            NewestTaken = NewestTaken,
            Note = string.Join("; ", notes.Where(note => note.Length > 0)),
        };
    }

    /// <summary>Whether it belongs to Vla itself.</summary>
    internal static bool IsOurs(IActionOutput robot) =>
        robot.GetType().Assembly.GetName().Name is "Vla.Actors" or "Vla.Runtime";

    /// <summary>As it names itself; its type where it does not.</summary>
    internal static string NameOf(IActionOutput robot)
    {
        try
        {
            return string.IsNullOrWhiteSpace(robot.Name) ? robot.GetType().Name : robot.Name.ReplaceLineEndings(" ");
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return robot.GetType().Name;
        }
    }

    internal static string InWords(Exception exception) =>
        string.IsNullOrWhiteSpace(exception.Message)
            ? exception.GetType().Name
            : exception.Message.ReplaceLineEndings(" ").Trim();

    private long Enter()
    {
        var nowNs = _clock.NowNs;
        Interlocked.Exchange(ref _insideSinceNs, nowNs);
        return nowNs;
    }

    private void Leave(long beganNs)
    {
        var nowNs = _clock.NowNs;
        Interlocked.Exchange(ref _insideSinceNs, 0);
        TookNs = nowNs - beganNs;
        _windowBusyNs += TookNs;
        _windowCalls++;
        if (TookNs > _periodNs)
            _windowSlowCalls++;
        if (nowNs - _windowBeganNs < SlowWindowNs || _windowCalls < SlowWindowCalls)
            return;

        // Most calls, not their mean: the machine holds up one now and then.
        Volatile.Write(
            ref _note,
            _windowSlowCalls > _windowCalls / 2
                ? $"slower than its rate: an action takes it {Ms(_windowBusyNs / _windowCalls)}, one comes every "
                    + $"{Ms(_periodNs)}"
                : ""
        );
        (_windowBeganNs, _windowBusyNs, _windowCalls, _windowSlowCalls) = (nowNs, 0, 0, 0);
    }

    private static string Ms(long ns) =>
        string.Create(CultureInfo.InvariantCulture, $"{ns / (double)MonotonicTime.NsPerMs:0.#} ms");
}
