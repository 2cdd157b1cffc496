using System.Globalization;
using Vla.Sensors;

namespace Vla.Actors.Stages;

/// <summary>What a stage is doing.</summary>
public enum StageState
{
    /// <summary>It loads its weights.</summary>
    Starting,

    /// <summary>It works, or waits for work.</summary>
    Running,

    /// <summary>It failed and waits before it is loaded again.</summary>
    BackingOff,

    /// <summary>It has been at one piece of work for far too long.</summary>
    Hanging,
}

/// <summary>
/// What outlives an actor's restarts: how often it failed, how long to wait now, what the last error was.
/// </summary>
/// <remarks>Written by the actor, read by anyone; every member is safe from any thread.</remarks>
public sealed class StageMonitor(string name, TimeProvider time)
{
    /// <summary>Delay after the first failure. Small, so that actions are fresh again well within 500 ms.</summary>
    public static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>Longest delay between two attempts.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <summary>A stage that ran this long since its last failure starts again from <see cref="FirstDelay"/>.</summary>
    public static readonly TimeSpan ForgiveAfter = TimeSpan.FromSeconds(10);

    /// <summary>The step in which a stage makes its module.</summary>
    public const string Load = "load";

    /// <summary>The step in which a stage computes a result.</summary>
    public const string Forward = "forward";

    private readonly Lock _lock = new();
    private long _restarts;
    private long _processed;
    private int _failuresInARow;
    private long _lastFailureNs;
    private StageState _state = StageState.Starting;
    private string? _lastError;
    private string? _step;
    private long _stepBeganNs;
    private long _longestNs;
    private long _resultsSinceLoad;
    private volatile bool _hanging;

    /// <summary>What the stage is called.</summary>
    public string Name { get; } = name;

    /// <summary>What the stage's results look like, for whoever watches.</summary>
    public FeatureTap Features { get; } = new();

    /// <summary>How often the stage was started anew after a failure.</summary>
    public long Restarts => Interlocked.Read(ref _restarts);

    /// <summary>Results given since the program started.</summary>
    public long Processed => Interlocked.Read(ref _processed);

    /// <summary>What it does now.</summary>
    public StageState State
    {
        get
        {
            lock (_lock)
                return _hanging ? StageState.Hanging : _state;
        }
    }

    /// <summary>What the stage is at; null while it waits for an input.</summary>
    public StageWork? Work =>
        Volatile.Read(ref _step) is { } step ? new StageWork(step, Interlocked.Read(ref _stepBeganNs)) : null;

    /// <summary>Whether it hangs, as <see cref="HangWatch"/> sees it.</summary>
    public bool IsHanging
    {
        get => _hanging;
        internal set => _hanging = value;
    }

    /// <summary>Where it hangs, and for how long; null when it does not.</summary>
    public string? Hang =>
        _hanging && Work is { } work
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"for {(time.NowNs() - work.BeganNs) / (double)MonotonicTime.NsPerSecond:0.0} s at {work.Step}"
            )
            : null;

    /// <summary>The longest that a result has taken since the module was loaded.</summary>
    internal TimeSpan LongestWork => TimeSpan.FromTicks(Interlocked.Read(ref _longestNs) / TimeSpan.NanosecondsPerTick);

    /// <summary>Results given since the module was loaded.</summary>
    internal long ResultsSinceLoad => Interlocked.Read(ref _resultsSinceLoad);

    /// <summary>The last failure's message, one line; null when there was none.</summary>
    public string? LastError
    {
        get
        {
            lock (_lock)
                return _lastError;
        }
    }

    /// <summary>Told in words that the stage has failed.</summary>
    internal Action<string>? Happened { get; set; }

    /// <summary>Notes that the module is loaded.</summary>
    public void Running()
    {
        Interlocked.Exchange(ref _longestNs, 0);
        Interlocked.Exchange(ref _resultsSinceLoad, 0);
        lock (_lock)
            _state = StageState.Running;
    }

    /// <summary>Counts one result.</summary>
    public void CountProcessed()
    {
        Interlocked.Increment(ref _processed);
        Interlocked.Increment(ref _resultsSinceLoad);
    }

    /// <summary>Notes that a piece of work begins. Called on the stage's thread; takes no memory.</summary>
    /// <param name="step"><see cref="Load"/> or <see cref="Forward"/>.</param>
    public void Begin(string step)
    {
        Interlocked.Exchange(ref _stepBeganNs, time.NowNs());
        Volatile.Write(ref _step, step);
    }

    /// <summary>Notes that it has ended, well or not.</summary>
    public void End()
    {
        var tookNs = time.NowNs() - _stepBeganNs;
        if (tookNs > _longestNs && _step == Forward)
            Interlocked.Exchange(ref _longestNs, tookNs);
        Volatile.Write(ref _step, null);
    }

    /// <summary>Notes a failure.</summary>
    public void Failed(string error)
    {
        lock (_lock)
        {
            var now = time.NowNs();
            var forgiven =
                _failuresInARow > 0 && now - _lastFailureNs > ForgiveAfter.Ticks * TimeSpan.NanosecondsPerTick;
            _failuresInARow = forgiven ? 1 : _failuresInARow + 1;
            _lastFailureNs = now;
            _lastError = error.ReplaceLineEndings(" ");
            _state = StageState.BackingOff;
        }

        Happened?.Invoke($"{Name} failed: {error.ReplaceLineEndings(" ")}");
    }

    /// <summary>Notes that the stage is started anew.</summary>
    /// <returns>How long to wait before loading: 20 ms after one failure, then doubling, 5 s at most.</returns>
    public TimeSpan Restarting()
    {
        Interlocked.Increment(ref _restarts);
        lock (_lock)
        {
            var doublings = Math.Clamp(_failuresInARow - 1, 0, 16);
            var delay = FirstDelay * Math.Pow(2, doublings);
            return delay < LongestDelay ? delay : LongestDelay;
        }
    }
}

/// <summary>What a stage is at.</summary>
/// <param name="Step"><see cref="StageMonitor.Load"/> or <see cref="StageMonitor.Forward"/>.</param>
/// <param name="BeganNs">Since when, monotonic nanoseconds.</param>
public readonly record struct StageWork(string Step, long BeganNs);
