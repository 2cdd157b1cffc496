using Vla.Sensors;

namespace Vla.Actors.Stages;

/// <summary>What a stage is doing.</summary>
public enum StageState
{
    Starting,
    Running,

    /// <summary>It failed and waits before it is loaded again.</summary>
    BackingOff,
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

    private readonly Lock _lock = new();
    private long _restarts;
    private long _processed;
    private int _failuresInARow;
    private long _lastFailureNs;
    private StageState _state = StageState.Starting;
    private string? _lastError;

    public string Name { get; } = name;

    /// <summary>What the stage's results look like, for whoever watches.</summary>
    public FeatureTap Features { get; } = new();

    /// <summary>How often the stage was started anew after a failure.</summary>
    public long Restarts => Interlocked.Read(ref _restarts);

    /// <summary>Results given since the program started.</summary>
    public long Processed => Interlocked.Read(ref _processed);

    public StageState State
    {
        get { lock (_lock) return _state; }
    }

    /// <summary>The last failure's message, one line; null when there was none.</summary>
    public string? LastError
    {
        get { lock (_lock) return _lastError; }
    }

    /// <summary>Notes that the module is loaded.</summary>
    public void Running()
    {
        lock (_lock) _state = StageState.Running;
    }

    /// <summary>Counts one result.</summary>
    public void CountProcessed() => Interlocked.Increment(ref _processed);

    /// <summary>Notes a failure.</summary>
    public void Failed(string error)
    {
        lock (_lock)
        {
            var now = time.NowNs();
            var forgiven = _failuresInARow > 0 && now - _lastFailureNs > ForgiveAfter.Ticks * TimeSpan.NanosecondsPerTick;
            _failuresInARow = forgiven ? 1 : _failuresInARow + 1;
            _lastFailureNs = now;
            _lastError = error.ReplaceLineEndings(" ");
            _state = StageState.BackingOff;
        }
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
