namespace Vla.Actors.Publishing;

/// <summary>A robot that may block, called on a thread of its own.</summary>
/// <remarks>
/// Actions cross over in a ring of slots without locks, so the control thread can not wait for a thread that the
/// scheduler has taken off its core. A full ring loses its oldest action; with one slot the robot gets only the newest.
/// </remarks>
internal sealed class ThreadedOutput : RobotOutput
{
    private const int LastMessageAttempts = 5;

    private readonly PublishedAction?[] _ring;
    private readonly AutoResetEvent _signal = new(false);
    private readonly Thread _thread;
    private PublishedAction? _last;
    private volatile bool _ends;
    private ControlState _lastSent;
    private volatile bool _stopIsNews;
    private long _written;
    private long _read;
    private long _newestApplied;

    public ThreadedOutput(IRobot robot) : base(robot)
    {
        _ring = new PublishedAction?[Math.Max(1, robot.QueueCapacity)];
        // A background thread: a robot that hangs for good must not keep the process alive.
        _thread = new Thread(Run) { Name = $"vla-output {robot.Name}", IsBackground = true };
        _thread.Start();
    }

    private bool KeepsOnlyNewest => _ring.Length == 1;

    private bool IsLast => _ends;

    public override void Send(PublishedAction action)
    {
        if (IsLast) return;
        if (action.State == ControlState.Stop && _lastSent != ControlState.Stop) _stopIsNews = true;
        _lastSent = action.State;
        var replaced = Interlocked.Exchange(ref _ring[_written % _ring.Length], action);
        Volatile.Write(ref _written, _written + 1);
        if (replaced is not null) CountDropped();
        _signal.Set();
    }

    public override void Finish(PublishedAction? last, bool alone)
    {
        _last = last;
        _ends = true;
        _signal.Set();
    }

    public override void WaitFinished(int milliseconds) => _thread.Join(milliseconds);

    public override void Dispose()
    {
        if (!_thread.IsAlive) _signal.Dispose();
    }

    private void Run()
    {
        var failuresInARow = 0;
        while (!IsLast)
        {
            _signal.WaitOne();
            while (!(IsLast && KeepsOnlyNewest) && Take() is { } action)
            {
                if (action.State == ControlState.Stop) _stopIsNews = false;
                if (TryApply(action)) failuresInARow = 0;
                else BackOff(BackOffMs(++failuresInARow));
            }
        }

        if (_last is { } last)
        {
            for (var attempt = 1; !TryApply(last) && attempt < LastMessageAttempts; attempt++) _signal.WaitOne(FirstBackOffMs);
        }

        Close();
    }

    /// <summary>The oldest action waiting, or null.</summary>
    private PublishedAction? Take()
    {
        while (true)
        {
            var written = Volatile.Read(ref _written);
            _read = Math.Max(_read, written - _ring.Length);
            if (_read == written) return null;
            var action = Interlocked.Exchange(ref _ring[_read++ % _ring.Length], null);
            // The writer may just have lapped this slot: then what lies in it is newer than its neighbours, they are
            // skipped when their turn comes, and a slot that was already emptied gives nothing.
            if (action is null) continue;
            if (action.Sequence > _newestApplied)
            {
                _newestApplied = action.Sequence;
                return action;
            }

            CountDropped();
        }
    }

    private void BackOff(int milliseconds)
    {
        var until = Environment.TickCount64 + milliseconds;
        while (!IsLast && !_stopIsNews && until - Environment.TickCount64 is > 0 and var left) _signal.WaitOne((int)left);
    }
}
