using System.Globalization;
using Vla.Actors.Control;
using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Actors.Robots;

/// <summary>A robot that says it never blocks, called on the control thread itself for as long as that is so.</summary>
/// <remarks>
/// A call that takes too long, or does not come back, gives the robot a thread of its own for the rest of the run. One
/// that does not come back keeps the thread it was called on: <see cref="MoveIfStuck"/> takes the control loop away
/// from that thread, and the robot is called again once the call has returned.
/// </remarks>
internal sealed class DirectOutput(RobotCaller caller, IControlClock clock, long periodNs) : RobotOutput(caller)
{
    /// <summary>
    /// A call under way for so long is stuck: with <see cref="ControlWatch"/>'s look, the others wait 50 ms at most.
    /// </summary>
    public const long StuckNs = 30 * MonotonicTime.NsPerMs;

    /// <summary>
    /// One call may take so long at any rate: the machine can take a thread off its core for a while.
    /// </summary>
    private const long LongCallNs = 20 * MonotonicTime.NsPerMs;

    /// <summary>So many calls in a row that take longer than a period are no accident.</summary>
    private const int SlowCalls = 5;

    /// <summary>How long the last message waits for a call under way.</summary>
    private const int CallInTheWayMs = 100;

    private const long Abandoned = -1;

    private readonly ManualResetEventSlim _returned = new(false);
    private volatile ThreadedOutput? _moved;

    // Even: no call is under way. Odd: one is, and its number tells it from every other.
    private long _call;
    private long _callBeganNs;
    private long _newestSent;
    private int _failuresInARow;
    private int _slowInARow;
    private long _retryAtNs = long.MinValue;
    private ControlState _lastTried;

    public override bool Send(PublishedAction action)
    {
        if (_moved is { } moved)
            return moved.Send(action);
        if (action.Sequence <= _newestSent)
            return true;
        _newestSent = action.Sequence;
        // A stop is news that no back-off may delay.
        var stopIsNews = action.State == ControlState.Stop && _lastTried != ControlState.Stop;
        if (action.PublishedNs < _retryAtNs && !stopIsNews)
        {
            Caller.CountDropped();
            return true;
        }

        if (!TryBegin(out var call))
            return true;
        _lastTried = action.State;
        var took = Caller.TryApply(action);
        if (!TryEnd(call))
            return false;
        if (took)
        {
            _failuresInARow = 0;
            _retryAtNs = long.MinValue;
        }
        else
        {
            _retryAtNs = action.PublishedNs + BackOffMs(++_failuresInARow) * MonotonicTime.NsPerMs;
        }

        _slowInARow = Caller.TookNs > periodNs ? _slowInARow + 1 : 0;
        if (Caller.TookNs > Math.Max(periodNs, LongCallNs) || _slowInARow >= SlowCalls)
            Move(Caller.TookNs, after: null);
        return true;
    }

    /// <summary>Gives the robot a thread of its own when a call is stuck. May be called from any thread.</summary>
    /// <returns>True when the thread in that call is not the control thread any more.</returns>
    public bool MoveIfStuck()
    {
        var call = Interlocked.Read(ref _call);
        var lastedNs = clock.NowNs - Interlocked.Read(ref _callBeganNs);
        return lastedNs >= StuckNs && TryGiveUp(call, lastedNs);
    }

    /// <remarks>
    /// On a thread of its own: should the robot hang at this message of all, the others still get theirs.
    /// </remarks>
    public override void Finish(PublishedAction? last)
    {
        for (var waitedMs = 0; _moved is null && !TryMoveToFinish() && waitedMs < CallInTheWayMs; waitedMs++)
            Thread.Sleep(1);
        if (_moved is null)
            TryGiveUp(Interlocked.Read(ref _call), clock.NowNs - Interlocked.Read(ref _callBeganNs));
        // Should a call that hangs come back after all, a stop is what the robot finds.
        _moved?.Finish(last);
    }

    public override void WaitFinished(int milliseconds) => _moved?.WaitFinished(milliseconds);

    public override void Dispose() => _moved?.Dispose();

    private static bool IsUnderWay(long call) => call > 0 && (call & 1) == 1;

    private bool TryBegin(out long call)
    {
        call = 0;
        var idle = Interlocked.Read(ref _call);
        if (idle == Abandoned || IsUnderWay(idle))
            return false;
        Interlocked.Exchange(ref _callBeganNs, clock.NowNs);
        if (Interlocked.CompareExchange(ref _call, idle + 1, idle) != idle)
            return false;
        call = idle + 1;
        return true;
    }

    /// <returns>False when the call was given up meanwhile, and with it the calling thread.</returns>
    private bool TryEnd(long call)
    {
        if (Interlocked.CompareExchange(ref _call, call + 1, call) == call)
            return true;
        _returned.Set();
        return false;
    }

    private bool TryMoveToFinish()
    {
        // Begun for good: the control thread does not call the robot any more.
        if (!TryBegin(out _))
            return false;
        _moved = new ThreadedOutput(Caller, after: null, _newestSent);
        return true;
    }

    private bool TryGiveUp(long call, long lastedNs)
    {
        if (!IsUnderWay(call) || Interlocked.CompareExchange(ref _call, Abandoned, call) != call)
            return false;
        Caller.Fail("it does not return and held up the control thread: it must have MayBlock = true");
        Move(lastedNs, _returned);
        return true;
    }

    private void Move(long heldUpNs, ManualResetEventSlim? after)
    {
        Caller.NoteMoved(
            string.Create(
                CultureInfo.InvariantCulture,
                $"it held up the control thread for {heldUpNs / MonotonicTime.NsPerMs} ms and has a thread of its "
                    + $"own now: it must have MayBlock = true"
            )
        );
        _moved = new ThreadedOutput(Caller, after, _newestSent);
    }
}
