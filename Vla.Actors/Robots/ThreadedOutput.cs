namespace Vla.Actors.Robots;

/// <summary>A robot that may block, called on a thread of its own.</summary>
/// <remarks>
/// Actions cross over in a ring of slots without locks, so the control thread can not wait for a thread that the
/// scheduler has taken off its core. A full ring loses its oldest action; with one slot the robot gets only the newest.
/// </remarks>
internal sealed class ThreadedOutput : RobotOutput
{
    private const int LastMessageAttempts = 5;
    private const int LargestQueue = 65_536;

    private readonly PublishedAction?[] _ring;
    private readonly AutoResetEvent _signal = new(false);
    private readonly ManualResetEventSlim? _after;
    private readonly Thread _thread;
    private PublishedAction? _last;
    private volatile bool _ends;
    private ControlState _lastSent;
    private long _newestSent;
    private volatile bool _stopIsNews;
    private long _written;
    private long _read;
    private long _newestApplied;
    private int _failuresInARow;

    /// <param name="caller">Calls the robot.</param>
    /// <param name="after">Set when the robot may be called; null when it may be at once.</param>
    /// <param name="newestSent">Sequence of the newest action that the robot was called with already.</param>
    public ThreadedOutput(RobotCaller caller, ManualResetEventSlim? after = null, long newestSent = 0)
        : base(caller)
    {
        (_after, _newestSent) = (after, newestSent);
        _ring = new PublishedAction?[Math.Clamp(caller.QueueCapacity, 1, LargestQueue)];
        // A background thread: a robot that hangs for good must not keep the process alive.
        _thread = new Thread(Run) { Name = $"vla-output {caller.Name}", IsBackground = true };
        _thread.Start();
    }

    private bool KeepsOnlyNewest => _ring.Length == 1;

    public override bool Send(PublishedAction action)
    {
        if (_ends || action.Sequence <= _newestSent)
            return true;
        _newestSent = action.Sequence;
        if (action.State == ControlState.Stop && _lastSent != ControlState.Stop)
            _stopIsNews = true;
        _lastSent = action.State;
        var replaced = Interlocked.Exchange(ref _ring[_written % _ring.Length], action);
        Volatile.Write(ref _written, _written + 1);
        if (replaced is not null)
            Caller.CountDropped();
        _signal.Set();
        return true;
    }

    public override void Finish(PublishedAction? last)
    {
        _last = last;
        _ends = true;
        _signal.Set();
    }

    public override void WaitFinished(int milliseconds) => _thread.Join(milliseconds);

    public override void Dispose()
    {
        if (!_thread.IsAlive)
            _signal.Dispose();
    }

    private void Run()
    {
        while (!_ends || _after is { IsSet: false })
        {
            try
            {
                _after?.Wait();
                PassOn();
            }
            catch (ThreadInterruptedException)
            {
                // A robot can interrupt the thread it is called on; that must not be the end of its actions.
            }
        }

        if (_last is { } last)
        {
            for (var attempt = 1; !Caller.TryApply(last) && attempt < LastMessageAttempts; attempt++)
                Thread.Sleep(FirstBackOffMs);
        }

        Caller.Close();
    }

    private void PassOn()
    {
        _signal.WaitOne();
        while (!(_ends && KeepsOnlyNewest) && Take() is { } action)
        {
            if (action.State == ControlState.Stop)
                _stopIsNews = false;
            if (Caller.TryApply(action))
                _failuresInARow = 0;
            else
                BackOff(BackOffMs(++_failuresInARow));
        }
    }

    /// <summary>The oldest action waiting, or null.</summary>
    private PublishedAction? Take()
    {
        while (true)
        {
            var written = Volatile.Read(ref _written);
            _read = Math.Max(_read, written - _ring.Length);
            if (_read == written)
                return null;
            var action = Interlocked.Exchange(ref _ring[_read++ % _ring.Length], null);
            // The writer may just have lapped this slot: then what lies in it is newer than its neighbours, they are
            // skipped when their turn comes, and a slot that was already emptied gives nothing.
            if (action is null)
                continue;
            if (action.Sequence > _newestApplied && !Caller.IsStale(action))
            {
                _newestApplied = action.Sequence;
                return action;
            }

            Caller.CountDropped();
        }
    }

    private void BackOff(int milliseconds)
    {
        var until = Environment.TickCount64 + milliseconds;
        while (!_ends && !_stopIsNews && until - Environment.TickCount64 is > 0 and var left)
            _signal.WaitOne((int)left);
    }
}
