using Vla.Sensors;

namespace Vla.Actors.Publishing;

/// <summary>Decides when the control loop ticks: waits, on a thread of its own, for each deadline of an absolute schedule.</summary>
/// <param name="clock">Tells the time and waits for deadlines.</param>
/// <param name="options">Rate, and whether the real-time class is asked for.</param>
internal sealed class ControlThread(IControlClock clock, ControlOptions options)
{
    /// <summary>The clock is waited for in slices, so that a slow loop still stops and ends soon.</summary>
    public const long LongestWaitNs = 50 * MonotonicTime.NsPerMs;

    private Thread? _thread;
    private ControlSchedule? _schedule;
    private string _scheduling = "";
    private volatile bool _ends;

    /// <summary>Called at each deadline, with the time.</summary>
    public required Action<long> Tick { get; init; }

    /// <summary>Called before <see cref="Tick"/> with how late it is and the time, nanoseconds.</summary>
    public required Action<long, long> Late { get; init; }

    /// <summary>True when something cannot wait for the next deadline of a slow loop.</summary>
    public required Func<bool> IsUrgent { get; init; }

    /// <summary>Called once, before the thread ends, when the clock fails.</summary>
    public required Action<Exception> Failed { get; init; }

    /// <summary>What the operating system granted the thread; empty before it runs.</summary>
    public string Scheduling => Volatile.Read(ref _scheduling);

    /// <summary>Deadlines that were missed and not made up for.</summary>
    public long Skipped => _schedule?.Skipped ?? 0;

    /// <summary>True while a tick may still be under way.</summary>
    public bool IsAlive => _thread is { IsAlive: true };

    public void Start()
    {
        if (_thread is not null) throw new InvalidOperationException("the control loop runs already");
        _schedule = new ControlSchedule(options.RateHz, clock.NowNs);
        _thread = new Thread(Run) { Name = "vla-control", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Ends the thread after the wait it is in; waits for that, but not for one that hangs. May be called from it.</summary>
    public void End()
    {
        _ends = true;
        if (_thread is not null && _thread != Thread.CurrentThread) _thread.Join(2 * (int)(LongestWaitNs / MonotonicTime.NsPerMs));
    }

    private void Run()
    {
        try
        {
            Volatile.Write(ref _scheduling, ControlThreadPriority.Raise(options.RealTime));
            var schedule = _schedule!;
            while (!_ends)
            {
                var wakeNs = Math.Min(schedule.NextNs, clock.NowNs + LongestWaitNs);
                clock.WaitUntil(wakeNs);
                if (wakeNs < schedule.NextNs)
                {
                    if (IsUrgent()) Tick(clock.NowNs);
                    continue;
                }

                var nowNs = clock.NowNs;
                Late(nowNs - schedule.NextNs, nowNs);
                Tick(nowNs);
                schedule.Advance(clock.NowNs);
            }
        }
        catch (Exception exception)
        {
            Failed(exception);
        }
    }
}
