using Vla.Sensors;

namespace Vla.Actors.Robots;

/// <summary>Reads a robot's state again and again and keeps the newest with their times: for the policy, the recording, the first hold.</summary>
/// <remarks>
/// On a thread of its own, so that a robot that takes its time, hangs or throws holds nothing up: what it says is then not
/// known (<see cref="Problem"/>), never an old or an invented value. Who reads from it never waits.
/// </remarks>
public sealed class RobotStateReader : IRobotState, IDisposable
{
    /// <summary>A state older than this is not known any more, nanoseconds.</summary>
    public const long LongestAgeNs = 300 * MonotonicTime.NsPerMs;

    private const int Length = 256;
    private const int FirstBackOffMs = 50;
    private const int LongestBackOffMs = 1_000;
    private const int LongestEndMs = 200;

    private readonly IRobotState _robot;
    private readonly TimeProvider _time;
    private readonly TimeSpan _period;
    private readonly Sample?[] _ring = new Sample?[Length];
    private readonly ManualResetEventSlim _ends = new(false);
    private readonly Thread _thread;
    private readonly long _beganNs;
    private long _read;
    private int _failuresInARow;
    private volatile string? _lastError;

    /// <param name="robot">Read from one thread, until this is disposed.</param>
    /// <param name="robotName">How messages name it.</param>
    /// <param name="names">Of its values; each once.</param>
    /// <param name="units">Of its values.</param>
    /// <param name="time">Stamps the readings.</param>
    /// <param name="period">From one reading to the next.</param>
    public RobotStateReader(
        IRobotState robot, string robotName, IReadOnlyList<string> names, IReadOnlyList<string> units, TimeProvider time, TimeSpan period)
    {
        (_robot, RobotName, StateNames, StateUnits, _time, _period) = (robot, robotName, names, units, time, period);
        _beganNs = time.NowNs();
        _thread = new Thread(Run) { Name = $"vla-state {robotName}", IsBackground = true };
    }

    public string RobotName { get; }

    public IReadOnlyList<string> StateNames { get; }

    public IReadOnlyList<string> StateUnits { get; }

    /// <summary>Begins to read.</summary>
    public void Start() => _thread.Start();

    /// <summary>The newest state that had been measured at a moment and was not too old then. Never blocks.</summary>
    public bool TryRead(long atNs, Span<float> values)
    {
        if (Find(atNs) is not { } sample) return false;
        sample.Values.CopyTo(values);
        return true;
    }

    /// <summary>One value of <see cref="TryRead(long, Span{float})"/>.</summary>
    /// <returns>Null when it is not known.</returns>
    public float? ReadOne(long atNs, int place) => Find(atNs)?.Values[place];

    /// <summary>The newest state and when it was read; null before the first. It may be too old to be relied on.</summary>
    public (long AtNs, IReadOnlyList<float> Values)? Newest => At(Interlocked.Read(ref _read) - 1) is { } sample ? (sample.AtNs, sample.Values) : null;

    /// <summary>Why the state is not known at a moment, in words; null when it is.</summary>
    public string? Problem(long nowNs)
    {
        // Without its age, which would make it another problem at every tick; that is in Newest.
        return Find(nowNs) is null ? $"the state of {RobotName} is not known: {_lastError ?? "it has not given it yet"}" : null;
    }

    /// <summary>Ends the reading; waits for the one under way, but not for one that hangs.</summary>
    public void Dispose()
    {
        _ends.Set();
        if ((_thread.ThreadState & ThreadState.Unstarted) == 0 && _thread != Thread.CurrentThread) _thread.Join(LongestEndMs);
    }

    /// <summary>Reads once. Called by the thread, or by a test.</summary>
    /// <returns>How long to leave the robot alone, milliseconds.</returns>
    internal int ReadOnce()
    {
        var values = new float[StateNames.Count];
        // Said while the reading lasts: one that does not come back cannot say it.
        if (_lastError is null && Newest is not null) _lastError = "it has not answered";
        var error = TryReadRobot(values);
        if (error is null)
        {
            _ring[_read % Length] = new Sample(_time.NowNs(), values);
            Interlocked.Increment(ref _read);
            (_lastError, _failuresInARow) = (null, 0);
            return (int)Math.Ceiling(_period.TotalMilliseconds);
        }

        _lastError = error;
        return Math.Min(LongestBackOffMs, FirstBackOffMs << Math.Min(_failuresInARow++, 10));
    }

    private string? TryReadRobot(float[] values)
    {
        try
        {
            if (!_robot.TryRead(_time.NowNs(), values)) return "it says that it does not know it";
        }
        catch (Exception exception)
        {
            // Whatever a robot throws: the state is not known, and it is tried again.
            return exception.Message.ReplaceLineEndings(" ");
        }

        var bad = Array.FindIndex(values, value => !float.IsFinite(value));
        return bad < 0 ? null : $"its {StateNames[bad]} is not a number";
    }

    private void Run()
    {
        while (!_ends.IsSet) _ends.Wait(ReadOnce());
    }

    private Sample? Find(long atNs)
    {
        var read = Interlocked.Read(ref _read);
        for (var i = read - 1; i >= Math.Max(0, read - Length); i--)
        {
            // One that was overwritten meanwhile is newer than its neighbours.
            if (At(i) is not { } sample || sample.AtNs > atNs) continue;
            return atNs - sample.AtNs <= LongestAgeNs ? sample : null;
        }

        return null;
    }

    private Sample? At(long index) => index < 0 ? null : Volatile.Read(ref _ring[index % Length]);

    private sealed record Sample(long AtNs, float[] Values);
}
