using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>
/// Decides when the control loop ticks: waits, on a thread of its own, for each deadline of an absolute schedule.
/// </summary>
/// <param name="clock">Tells the time and waits for deadlines.</param>
/// <param name="options">Rate, and whether the real-time class is asked for.</param>
internal sealed class ControlThread(IControlClock clock, ControlOptions options)
{
    /// <summary>The clock is waited for in slices, so that a slow loop still stops and ends soon.</summary>
    public const long LongestWaitNs = 50 * MonotonicTime.NsPerMs;

    private volatile Thread? _thread;
    private volatile int _number;
    private ControlSchedule? _schedule;
    private string _scheduling = "";
    private volatile bool _ends;

    /// <summary>
    /// Called at each deadline, with the time. False says that the calling thread was held up and another one ticks
    /// (<see cref="Replace"/>): it ends without another look at anything.
    /// </summary>
    public required Func<long, bool> Tick { get; init; }

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
        if (_thread is not null)
            throw new InvalidOperationException("the control loop runs already");
        _schedule = new ControlSchedule(options.RateHz, clock.NowNs);
        Begin(() => true);
    }

    /// <summary>
    /// Goes on, at the next deadline, on a new thread. To be called only when the present one can tick no more.
    /// </summary>
    /// <param name="first">What the new thread does before; as <see cref="Tick"/> it tells whether it is still the one
    /// that ticks.</param>
    public void Replace(Func<bool> first)
    {
        if (_schedule is null || _ends)
            return;
        // It hangs, and must not hang before everybody else.
        ControlThreadPriority.Lower(_number);
        Begin(() =>
        {
            _schedule.Advance(clock.NowNs);
            return first();
        });
    }

    /// <summary>
    /// Ends the thread after the wait it is in; waits for that, but not for one that hangs. May be called from it.
    /// </summary>
    public void End()
    {
        _ends = true;
        if (_thread is { } thread && thread != Thread.CurrentThread)
            thread.Join(2 * (int)(LongestWaitNs / MonotonicTime.NsPerMs));
    }

    private void Begin(Func<bool> first)
    {
        _thread = new Thread(() => Run(first)) { Name = "vla-control", IsBackground = true };
        _thread.Start();
    }

    private void Run(Func<bool> first)
    {
        try
        {
            _number = ControlThreadPriority.ThisThreadNumber;
            Volatile.Write(ref _scheduling, ControlThreadPriority.Raise(options.RealTime));
            if (first())
                TickUntilEnd(_schedule!);
        }
        catch (Exception exception)
        {
            Failed(exception);
        }
    }

    private void TickUntilEnd(ControlSchedule schedule)
    {
        while (!_ends)
        {
            var wakeNs = Math.Min(schedule.NextNs, clock.NowNs + LongestWaitNs);
            clock.WaitUntil(wakeNs);
            var nowNs = clock.NowNs;
            if (wakeNs < schedule.NextNs)
            {
                if (IsUrgent() && !Tick(nowNs))
                    return;
                continue;
            }

            Late(nowNs - schedule.NextNs, nowNs);
            if (!Tick(nowNs))
                return;
            schedule.Advance(clock.NowNs);
        }
    }
}
