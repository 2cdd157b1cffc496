using Vla.Actors.Pipeline;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Actors.Robots;

/// <summary>Keeps a robot's newest states with their times: for the policy, the recording, the first hold.</summary>
/// <remarks>
/// A robot that is asked is asked on a thread of its own, so that one that takes its time, hangs or throws holds
/// nothing up; one with a loop of its own has a ring of its own. What is not known is not known (<see
/// cref="Problem"/>), never an old or an invented value. Who reads from it never waits.
/// </remarks>
public sealed class RobotStateReader : IRobotState, IDisposable
{
    /// <summary>
    /// A state older than this is not known any more, nanoseconds, unless the robot measures more rarely.
    /// </summary>
    public const long ShortestLastingNs = 300 * MonotonicTime.NsPerMs;

    /// <summary>However slow the control loop is, a state must not be too old before the next one is read.</summary>
    private const double FewestReadingsHz = 20;

    private const int LastingPeriods = 3;
    private const int FirstBackOffMs = 50;
    private const int LongestBackOffMs = 1_000;
    private const int LongestEndMs = 200;

    private readonly IRobot _robot;
    private readonly TimeProvider _time;
    private readonly TimeSpan _period;
    private readonly long _lastsNs;
    private readonly StateRing _ring;
    private readonly float[] _values;
    private readonly AutoResetEvent _wakes = new(false);
    private volatile bool _ends;
    private readonly Thread? _thread;
    private long _knownSinceNs = long.MinValue;
    private int _failuresInARow;
    private volatile string? _lastError;

    /// <param name="robot">Read from one thread, until this is disposed.</param>
    /// <param name="time">The clock of the readings' times.</param>
    /// <param name="rateHz">Readings a second, where the robot wants none of its own: the control loop's rate.</param>
    /// <exception cref="RobotProfileException">Names and units of its state are not as they have to be.</exception>
    public RobotStateReader(IRobot robot, TimeProvider time, double rateHz)
    {
        (_robot, _time) = (robot, time);
        RobotName = RobotCaller.NameOf(robot);
        // What it says now is kept as it is: a list that changes later changes nothing.
        (StateNames, StateUnits) = ([.. robot.StateNames], [.. robot.StateUnits]);
        RobotStates.RequireNamed(RobotName, "state", StateNames, StateUnits);
        var ownHz = robot.StateRateHz;
        if (!(ownHz >= 0 && double.IsFinite(ownHz)))
            throw new RobotProfileException(
                $"robot '{RobotName}' has a StateRateHz of {ownHz}: give states a second, or 0 for the control "
                    + "loop's rate"
            );
        var readingsHz = ownHz > 0 ? ownHz : Math.Max(rateHz, FewestReadingsHz);
        _period = TimeSpan.FromSeconds(1 / readingsHz);
        var expectedHz =
            ownHz > 0 ? ownHz
            : robot.States is null ? readingsHz
            : rateHz;
        _lastsNs = Math.Max(ShortestLastingNs, (long)(LastingPeriods * MonotonicTime.NsPerSecond / expectedHz));
        if (robot.States is { } own && own.Width != StateNames.Count)
            throw new RobotProfileException(
                $"robot '{RobotName}' names {StateNames.Count} values of its state, and its States hold {own.Width}: "
                    + "make them the same"
            );
        _ring = robot.States ?? new StateRing(StateNames.Count);
        _values = new float[StateNames.Count];
        _thread = robot.States is null
            ? new Thread(Run) { Name = $"vla-state {RobotName}", IsBackground = true }
            : null;
    }

    /// <summary>What the robot is called.</summary>
    public string RobotName { get; }

    /// <summary>A name for each value of its state.</summary>
    public IReadOnlyList<string> StateNames { get; }

    /// <summary>A unit for each of them.</summary>
    public IReadOnlyList<string> StateUnits { get; }

    /// <summary>
    /// The newest state and when it was true; null before the first. It may be too old to be relied on.
    /// </summary>
    public (long AtNs, IReadOnlyList<float> Values)? Newest
    {
        get
        {
            var values = new float[StateNames.Count];
            return _ring.TryRead(long.MaxValue, values, out var atNs) ? (atNs, values) : null;
        }
    }

    /// <summary>Told of every state that is read, on whichever thread reads it: must return at once.</summary>
    public StateAdded? Seen
    {
        get => _ring.Added;
        set => _ring.Added = value;
    }

    /// <summary>Begins to read.</summary>
    public void Start() => _thread?.Start();

    /// <summary>The newest state that had been measured at a moment and was not too old then. Never blocks.</summary>
    public bool TryRead(long atNs, Span<float> values, out long readNs) =>
        _ring.TryRead(atNs, values, out readNs) && Counts(readNs, atNs);

    /// <summary>One value of <see cref="TryRead"/>.</summary>
    /// <returns>Null when it is not known.</returns>
    public float? ReadOne(long atNs, int place) =>
        _ring.TryReadOne(atNs, place, out var value, out var readNs) && Counts(readNs, atNs) && float.IsFinite(value)
            ? value
            : null;

    /// <summary>Why the state is not known at a moment, in words; null when it is.</summary>
    public string? Problem(long nowNs)
    {
        var isKnown =
            StateNames.Count == 0 || (_ring.TryReadOne(nowNs, 0, out _, out var readNs) && Counts(readNs, nowNs));
        // Without its age, which would make it another problem at every tick; that is in Newest.
        return isKnown ? null : $"the state of {RobotName} is not known: {_lastError ?? NothingNew}";
    }

    /// <summary>What was read until now counts no more: the robot was away.</summary>
    public void Forget()
    {
        Interlocked.Exchange(ref _knownSinceNs, _time.NowNs());
        (_failuresInARow, _lastError) = (0, null);
        // Asked at once, whatever it was to be left alone for.
        _wakes.Set();
    }

    /// <summary>Ends the reading; waits for the one under way, but not for one that hangs.</summary>
    public void Dispose()
    {
        _ends = true;
        _wakes.Set();
        if (
            _thread is not null
            && (_thread.ThreadState & ThreadState.Unstarted) == 0
            && _thread != Thread.CurrentThread
        )
            _thread.Join(LongestEndMs);
    }

    private string NothingNew => _ring.NewestNs is null ? "it has not given it yet" : "it has not measured it anew";

    /// <summary>Reads once. Called by the thread, or by a test.</summary>
    /// <returns>How long to leave the robot alone, milliseconds.</returns>
    internal int ReadOnce()
    {
        // Said while the reading lasts: one that does not come back cannot say it.
        if (_lastError is null && _ring.NewestNs is not null)
            _lastError = "it has not answered";
        var error = TryReadRobot();
        if (error is null)
        {
            (_lastError, _failuresInARow) = (null, 0);
            return (int)Math.Ceiling(_period.TotalMilliseconds);
        }

        _lastError = error;
        return Math.Min(LongestBackOffMs, FirstBackOffMs << Math.Min(_failuresInARow++, 10));
    }

    private string? TryReadRobot()
    {
        long atNs;
        try
        {
            atNs = _robot.ReadState(_values);
        }
        catch (Exception exception)
        {
            // Whatever a robot throws: the state is not known, and it is tried again.
            return RobotCaller.InWords(exception);
        }

        var bad = Array.FindIndex(_values, value => !float.IsFinite(value));
        if (bad >= 0)
            return $"its {StateNames[bad]} is not a number";
        if (atNs > _time.NowNs())
            return "the time it gives has not come yet: it must be monotonic nanoseconds (TimeProvider.System.NowNs())";
        if (atNs != _ring.NewestNs && !_ring.Add(atNs, _values))
            return "the time it gives is before the one it gave last";
        return null;
    }

    private void Run()
    {
        while (!_ends)
            _wakes.WaitOne(ReadOnce());
    }

    private bool Counts(long readNs, long atNs) =>
        atNs - readNs <= _lastsNs && readNs >= Interlocked.Read(ref _knownSinceNs);
}
