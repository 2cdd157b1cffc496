using Microsoft.Extensions.Logging;
using Vla.Actors.Checkpoints;

namespace Vla.Actors.Observers;

/// <summary>One observer's queue and thread.</summary>
internal sealed partial class ObserverRun(IObserver observer, ControllerObservers all) : IObserverSubscription
{
    /// <summary>
    /// How often the queue is looked at while it is empty: nobody who puts something in has to wake a thread.
    /// </summary>
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    /// <summary>How long an ending waits for what is still to be shown.</summary>
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(2);

    private readonly SightingQueue _queue = new(observer.QueueCapacity);
    private readonly AutoResetEvent _wake = new(false);
    private readonly ManualResetEventSlim _ended = new(false);
    private readonly object _progress = new();
    private volatile bool _ends;
    private long _seen;
    private long _failures;
    private string? _lastError;
    private int _disposed;

    public Sightings Wants { get; } = observer.Wants;

    public void Start() => new Thread(Run) { Name = $"vla-observer {observer.Name}", IsBackground = true }.Start();

    public void Offer(in Sighting sighting)
    {
        if ((Wants & sighting.Kind) != 0)
            _queue.Add(sighting);
    }

    public ObserverSnapshot Snapshot() =>
        new(
            observer.Name,
            Interlocked.Read(ref _seen),
            _queue.Missed,
            Interlocked.Read(ref _failures),
            Volatile.Read(ref _lastError)
        );

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        all.Remove(this);
        _ends = true;
        _wake.Set();
        _ended.Wait(EndBound);
    }

    public bool Flush(TimeSpan bound)
    {
        var target = _queue.Written;
        var began = Environment.TickCount64;
        lock (_progress)
        {
            while (Interlocked.Read(ref _seen) < target)
            {
                _wake.Set();
                var left = bound - TimeSpan.FromMilliseconds(Environment.TickCount64 - began);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_progress, left))
                    return Interlocked.Read(ref _seen) >= target;
            }
        }

        return true;
    }

    private void Run()
    {
        while (!_ends)
        {
            _wake.WaitOne(Glance);
            ShowWaiting();
            lock (_progress)
                Monitor.PulseAll(_progress);
        }

        ShowWaiting();
        lock (_progress)
            Monitor.PulseAll(_progress);
        _ended.Set();
    }

    private void ShowWaiting()
    {
        while (_queue.TryTake(out var sighting))
        {
            try
            {
                observer.Observe(sighting);
            }
            catch (Exception exception)
            {
                if (Interlocked.Increment(ref _failures) == 1)
                    Log.Failed(all.Logger, observer.Name, ErrorText.Reason(exception.Message));
                Volatile.Write(ref _lastError, ErrorText.Reason(exception.Message));
            }

            Interlocked.Increment(ref _seen);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            91,
            LogLevel.Error,
            "the observer {Observer} fails, and is shown what comes next all the same: {Reason}"
        )]
        public static partial void Failed(ILogger logger, string observer, string reason);
    }
}
