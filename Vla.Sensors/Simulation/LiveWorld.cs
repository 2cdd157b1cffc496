using Vla.Sensors.Observations;

namespace Vla.Sensors.Simulation;

/// <summary>
/// A table that lives by the clock: a robot is told actions on one thread, a camera looks from another.
/// </summary>
/// <remarks>
/// It has no thread of its own: whoever tells or looks first lets the time go by that has passed. An action stays in
/// force for <see cref="CommandLifetimeNs"/>, then the arm stays where it is, as a real arm's controller would see to.
/// What the arm felt of itself is kept for a while, so that a picture and the state at its moment can be put together
/// later.
/// </remarks>
public sealed class LiveWorld
{
    /// <summary>Pictures that are due within so short a time are due at the same moment, nanoseconds.</summary>
    private const long SameMomentNs = MonotonicTime.NsPerUs;

    /// <summary>How long an action is obeyed when no other follows, nanoseconds.</summary>
    public const long CommandLifetimeNs = 300 * MonotonicTime.NsPerMs;

    /// <summary>A longer gap (a suspended machine) is left out rather than caught up with, nanoseconds.</summary>
    public const long LongestGapNs = 2 * MonotonicTime.NsPerSecond;

    private readonly Lock _turn = new();
    private readonly TimeProvider _time;
    private Tabletop _table;
    private WorldAction _action;
    private long _commandedNs;
    private long _nowNs;
    private readonly float[] _felt = new float[WorldAction.Dimensions];
    private Action<Tabletop>? _watcher;
    private long _episodeBeganNs;
    private long? _firstPictureNs;
    private Tabletop? _shot;
    private long _shotDueNs;
    private long _shotNs;

    /// <param name="table">Handed over: it is touched by nobody else from now on.</param>
    /// <param name="time">The clock.</param>
    public LiveWorld(Tabletop table, TimeProvider time)
    {
        (_table, _time) = (table, time);
        _nowNs = _commandedNs = _episodeBeganNs = time.NowNs();
        _action = Resting(table);
        Look();
    }

    /// <summary>
    /// What the arm felt of itself whenever somebody looked, in the order of <see cref="Tabletop.StateNames"/>.
    /// </summary>
    public StateRing States { get; } = new(WorldAction.Dimensions);

    /// <summary>When the present episode began, monotonic nanoseconds.</summary>
    public long EpisodeBeganNs => Interlocked.Read(ref _episodeBeganNs);

    /// <summary>Tells the arm what to do from now on.</summary>
    public void Command(in WorldAction action)
    {
        lock (_turn)
        {
            var nowNs = CatchUp();
            (_action, _commandedNs) = (action.Finite(), nowNs);
        }
    }

    /// <summary>Tells the arm to stay where it is, with the jaw as it was told in this episode.</summary>
    public void Hold()
    {
        lock (_turn)
        {
            var nowNs = CatchUp();
            (_action, _commandedNs) = (WorldAction.Rest(_action.Gripper), nowNs);
        }
    }

    /// <summary>Has somebody look at the table whenever time has gone by, and at once: a judge.</summary>
    /// <param name="watcher">
    /// Called by whoever tells or looks, in turn: it must be quick. It may only read the table, and begin another
    /// episode.
    /// </param>
    public void Watch(Action<Tabletop> watcher)
    {
        lock (_turn)
        {
            _watcher = watcher;
            CatchUp();
        }
    }

    /// <summary>The state as it is now: of the same episode it is copied, of another it is a new table.</summary>
    /// <param name="table">A table to copy into, from an earlier call; null at first.</param>
    /// <returns>The table that holds the state, <paramref name="table"/> if it could be used.</returns>
    public Tabletop Observe(Tabletop? table = null) => Observe(table, out _);

    /// <inheritdoc cref="Observe(Tabletop?)"/>
    /// <param name="table">A table to copy into, from an earlier call; null at first.</param>
    /// <param name="nowNs">When that is, monotonic nanoseconds.</param>
    public Tabletop Observe(Tabletop? table, out long nowNs)
    {
        lock (_turn)
        {
            nowNs = CatchUp();
            if (table?.Look != _table.Look)
                return _table.Clone();
            table.CopyFrom(_table);
            return table;
        }
    }

    /// <summary>
    /// The state that all cameras see whose picture is due at a moment: the first of them to look decides when that is.
    /// </summary>
    /// <param name="dueNs">That moment, monotonic nanoseconds; about now.</param>
    /// <param name="table">A table to copy into, from an earlier call; null at first.</param>
    /// <param name="nowNs">When it was looked at, monotonic nanoseconds.</param>
    internal Tabletop ObserveAt(long dueNs, Tabletop? table, out long nowNs)
    {
        lock (_turn)
        {
            if (_shot is null || Math.Abs(_shotDueNs - dueNs) > SameMomentNs)
            {
                (_shotDueNs, _shotNs) = (dueNs, CatchUp());
                if (_shot?.Look == _table.Look)
                    _shot.CopyFrom(_table);
                else
                    _shot = _table.Clone();
            }

            nowNs = _shotNs;
            if (table?.Look != _shot.Look)
                return _shot.Clone();
            table.CopyFrom(_shot);
            return table;
        }
    }

    /// <summary>When the first picture of all cameras was due; a camera that is the first says when.</summary>
    internal long FirstPictureNs(long nowNs)
    {
        lock (_turn)
            return _firstPictureNs ??= nowNs;
    }

    /// <summary>Proprioception as it is now; see <see cref="Tabletop.ReadState"/>.</summary>
    /// <param name="state">Receives 7 values.</param>
    public void ReadState(Span<float> state)
    {
        lock (_turn)
        {
            CatchUp();
            _table.ReadState(state);
        }
    }

    /// <summary>What the arm felt of itself at a moment of about the last second.</summary>
    /// <param name="atNs">Monotonic nanoseconds.</param>
    /// <param name="state">Receives 7 values: the newest that had been measured by then.</param>
    /// <returns>False when nothing is known of that moment.</returns>
    public bool TryReadState(long atNs, Span<float> state) => States.TryRead(atNs, state, out _);

    /// <summary>Begins another episode.</summary>
    /// <param name="table">Handed over.</param>
    public void Reset(Tabletop table)
    {
        lock (_turn)
        {
            var nowNs = CatchUp();
            (_table, _action) = (table, Resting(table));
            Interlocked.Exchange(ref _episodeBeganNs, nowNs);
            Look();
        }
    }

    private void Look()
    {
        _table.ReadState(_felt);
        States.Add(_nowNs, _felt);
        _watcher?.Invoke(_table);
    }

    private static WorldAction Resting(Tabletop table) =>
        WorldAction.Rest((float)(table.Gripper.Jaw / Gripper.JawOpen));

    private long CatchUp()
    {
        var nowNs = _time.NowNs();
        _nowNs = Math.Max(_nowNs, nowNs - LongestGapNs);
        // What the last action is still good for, and then rest with the jaw as it was told.
        var obeyedNs = Math.Clamp(_commandedNs + CommandLifetimeNs - _nowNs, 0, Math.Max(0, nowNs - _nowNs));
        _table.Advance(_action, obeyedNs);
        _table.Advance(WorldAction.Rest(_action.Gripper), Math.Max(0, nowNs - _nowNs - obeyedNs));
        _nowNs = Math.Max(_nowNs, nowNs);
        Look();
        return _nowNs;
    }
}
