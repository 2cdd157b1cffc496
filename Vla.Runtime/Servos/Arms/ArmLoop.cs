using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Servos.Arms;

/// <summary>An arm's own loop: listens to its servos, watches over them, tells them where to be.</summary>
/// <remarks>
/// <para>
/// One turn is one question to all servos and one packet of goals. A joint's goal moves: slowly to where the arm is
/// first told to be, and never faster than <see cref="ArmLimits.FollowSteps"/>. Torque comes on only with the goal
/// where the joint is.
/// </para>
/// <para>For one thread, which calls <see cref="Turn"/>; nothing is allocated there while all is well.</para>
/// </remarks>
internal sealed class ArmLoop(
    ServoBus bus,
    ArmKind kind,
    ArmScale scale,
    ArmLimits limits,
    StateRing states,
    TimeProvider time
)
{
    private const long TorqueCheckNs = 250 * MonotonicTime.NsPerMs;

    private readonly int[] _ids = ArmKind.Ids;
    private readonly ServoMake _make = bus.Make;
    private readonly ArmReading _reading = new(kind);
    private readonly ArmTurns _turns = new(scale.Calibration, bus.Make);
    private readonly ArmWatch _watch = new(limits, bus.Make);
    private readonly double[] _goals = new double[ArmKind.Ids.Length];
    private readonly double[] _targets = new double[ArmKind.Ids.Length];
    private readonly int[] _whole = new int[ArmKind.Ids.Length];
    private readonly ArmTorque _torque = new(bus);
    private readonly float[] _values = new float[ArmKind.Ids.Length];
    private int[]? _rest;
    private long _turnNs;
    private long _heardNs;
    private long _checkedNs;
    private long _newCapturedNs;
    private long _sentCapturedNs;
    private double _approachSteps;
    private double _restSeconds;
    private double _letGoSeconds;
    private bool _isToEnd;
    private volatile bool _isSettingOut = true;
    private volatile string? _note;
    private volatile string? _holding;

    /// <summary>What is wanted.</summary>
    public ArmCommandCell Commands { get; } = new();

    public ArmMode Mode { get; private set; }

    /// <summary>
    /// From when what a command was made of was seen until its goals are sent; null when nobody asks.
    /// </summary>
    public LatencyWindow? Latency { get; init; }

    /// <summary>What is unusual though it works, in words; null when nothing is. From any thread.</summary>
    public string? Note => _note;

    /// <summary>Why it holds still whatever it is told, in words; null while it does not. From any thread.</summary>
    public string? Holding => _holding;

    /// <summary>Whether it is on its way, slowly, to where it was first told to be. From any thread.</summary>
    public bool IsSettingOut => _isSettingOut;

    /// <summary>Whether it is done: at rest and let go, or holding for good for want of a place to lie.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Where each joint is told to be, steps.</summary>
    public ReadOnlySpan<double> Goals => _goals;

    /// <summary>Begins: the arm is connected.</summary>
    /// <param name="hasTorque">Whether its servos hold it already.</param>
    /// <param name="rest">Where it can lie, steps; null when that is not known.</param>
    public void Begin(bool hasTorque, int[]? rest)
    {
        (_turnNs, _heardNs) = (time.NowNs(), time.NowNs());
        _rest = rest;
        Mode = hasTorque ? ArmMode.Holding : ArmMode.Slack;
        if (!hasTorque)
            return;
        int[] positions = [.. _ids.Select(id => bus.Read(id, _make.PresentPosition))];
        _turns.Find(positions);
        // Where they hold it, not where it is: it must not sag a little with each connection.
        foreach (var (i, id) in _ids.Index())
        {
            var (position, goal) = (positions[i], bus.Read(id, _make.GoalPosition));
            _goals[i] = (Math.Abs(goal - position) <= limits.StallSteps ? goal : position) - _turns.Steps[i];
        }
    }

    /// <summary>From now on it goes to rest and is let go.</summary>
    public void End() => _isToEnd = true;

    /// <summary>One turn.</summary>
    /// <exception cref="RobotLostException">The line is gone, or servos have been silent for too long.</exception>
    public void Turn()
    {
        var nowNs = time.NowNs();
        var seconds = Math.Clamp((nowNs - _turnNs) / (double)MonotonicTime.NsPerSecond, 0, 0.05);
        _turnNs = nowNs;
        if (!Listen(nowNs))
            return;
        _watch.Look(_reading, Mode == ArmMode.Slack ? [] : _goals, seconds);
        CheckTorque(nowNs);
        Decide(nowNs);
        Move(seconds);
        Say();
    }

    private bool Listen(long nowNs)
    {
        if (!_reading.Read(bus, time))
        {
            if (nowNs - _heardNs < limits.LostSeconds * MonotonicTime.NsPerSecond)
                return false;
            if (bus.Silence(_ids, isUrgent: true) is { } silence)
                throw new RobotLostException(silence);
            return false;
        }

        _heardNs = nowNs;
        if (Mode == ArmMode.Slack)
            _turns.Find(_reading.Positions);
        else
            _turns.Follow(_reading.Positions);
        _turns.Take(_reading.Positions);
        for (var i = 0; i < _values.Length; i++)
            _values[i] = (float)scale[i].ToValue(_reading.Positions[i]);
        states.Add(_reading.AtNs, _values);
        return true;
    }

    private void Decide(long nowNs)
    {
        if (Mode is ArmMode.GoingToRest or ArmMode.LettingGo || HasEnded)
            return;
        if (_isToEnd || _watch.Concern == ArmConcern.Rest)
        {
            BeginRest();
            return;
        }

        var command = Commands.Take();
        var isFresh = command.AtNs != 0 && nowNs - command.AtNs <= command.LastsNs;
        var mayMove = isFresh && command.State == ControlState.Policy && _watch.Concern < ArmConcern.Hold;
        if (Mode == ArmMode.Slack && isFresh && _watch.Concern < ArmConcern.Hold)
            TryTorque();
        if (Mode == ArmMode.Slack)
            return;
        if (mayMove)
            Follow(command);
        else if (Mode != ArmMode.Holding)
            Hold(command.State == ControlState.Hold && _watch.Concern < ArmConcern.Hold && isFresh);
    }

    private void TryTorque()
    {
        for (var i = 0; i < _whole.Length; i++)
            _whole[i] = _reading.Positions[i] + _turns.Steps[i];
        if (!_torque.TrySwitchOn(_whole))
            return;
        KeepPlace();
        Mode = ArmMode.Holding;
    }

    private void Follow(ArmCommand command)
    {
        _newCapturedNs = command.CapturedNs;
        for (var i = 0; i < _targets.Length; i++)
        {
            if (float.IsFinite(command.Values[i]))
                _targets[i] = scale[i].ToPosition(command.Values[i]);
        }

        if (Mode is not ArmMode.Holding)
            return;
        (Mode, _approachSteps) = (ArmMode.Approaching, limits.ApproachSteps);
    }

    /// <param name="isCalm">Whether it may go on to where it was last told to be; otherwise it stays where it
    /// is.</param>
    private void Hold(bool isCalm)
    {
        Mode = ArmMode.Holding;
        if (!isCalm)
            KeepPlace();
    }

    private void KeepPlace()
    {
        for (var i = 0; i < _goals.Length; i++)
            _goals[i] = _reading.Positions[i];
    }

    private void BeginRest()
    {
        if (Mode == ArmMode.Slack)
        {
            // One that gave up is slack, and others may hold on: nobody would let go of them any more.
            if (_torque.Is(isOn: false) is true)
                HasEnded = _isToEnd;
            else
                (Mode, _letGoSeconds) = (ArmMode.LettingGo, 0);
            return;
        }

        if (_rest is null)
        {
            // It would fall from wherever it is: it goes on holding.
            Hold(isCalm: false);
            HasEnded = _isToEnd;
            return;
        }

        (Mode, _restSeconds, _letGoSeconds) = (ArmMode.GoingToRest, 0, 0);
        for (var i = 0; i < _goals.Length; i++)
            (_goals[i], _targets[i]) = (_reading.Positions[i], _rest[i]);
    }

    private void Move(double seconds)
    {
        switch (Mode)
        {
            case ArmMode.Approaching:
                _approachSteps += limits.ApproachGain * seconds;
                if (Step(Math.Min(_approachSteps, limits.FollowSteps) * seconds) <= limits.ThereSteps)
                    Mode = ArmMode.Following;
                break;
            case ArmMode.Following:
                Step(limits.FollowSteps * seconds, isStraight: false);
                break;
            case ArmMode.GoingToRest:
                GoToRest(seconds);
                break;
            case ArmMode.LettingGo:
                LetGo(seconds);
                return;
        }

        if (Mode == ArmMode.Slack)
            return;
        for (var i = 0; i < _goals.Length; i++)
            _whole[i] = (int)Math.Round(_goals[i]) + _turns.Steps[i];
        bus.SyncWrite(_make.GoalPosition, _ids, _whole);
        if (_newCapturedNs == _sentCapturedNs)
            return;
        _sentCapturedNs = _newCapturedNs;
        var nowNs = time.NowNs();
        Latency?.Record(nowNs - _sentCapturedNs, nowNs);
    }

    private void GoToRest(double seconds)
    {
        _restSeconds += seconds;
        var left = Step(limits.RestSteps * seconds);
        var away = 0.0;
        for (var i = 0; i < _goals.Length; i++)
            away = Math.Max(away, Math.Abs(_reading.Positions[i] - _goals[i]));
        if ((left > 0 || away > limits.StallSteps) && _restSeconds < LongestRestSeconds && !_watch.IsBlocked)
            return;
        Mode = ArmMode.LettingGo;
    }

    /// <summary>The furthest way takes 5 s, and the arm some time to get there.</summary>
    private static double LongestRestSeconds => 8;

    /// <summary>Takes the torque away little by little, so that nothing falls wherever it is.</summary>
    private void LetGo(double seconds)
    {
        _letGoSeconds += seconds;
        var left = 1 - _letGoSeconds / limits.LetGoSeconds;
        _torque.Weaken(Math.Max(0, left));
        if (left > 0 || !_torque.TrySwitchOff())
            return;
        Mode = ArmMode.Slack;
        HasEnded = _isToEnd;
        _torque.Restore();
    }

    /// <summary>Moves goals towards targets.</summary>
    /// <param name="most">How far, steps.</param>
    /// <param name="isStraight">Whether all arrive together; otherwise each as fast as it may.</param>
    /// <returns>How far the furthest still is.</returns>
    private double Step(double most, bool isStraight = true)
    {
        var furthest = 0.0;
        for (var i = 0; i < _goals.Length; i++)
            furthest = Math.Max(furthest, Math.Abs(_targets[i] - _goals[i]));
        var share = isStraight && furthest > most ? most / furthest : 1;
        for (var i = 0; i < _goals.Length; i++)
            _goals[i] += Math.Clamp((_targets[i] - _goals[i]) * share, -most, most);
        return Math.Max(0, furthest - most);
    }

    /// <summary>A servo whose power failed for a moment is slack and says nothing of it.</summary>
    private void CheckTorque(long nowNs)
    {
        if (Mode is ArmMode.Slack or ArmMode.LettingGo || nowNs - _checkedNs < TorqueCheckNs)
            return;
        _checkedNs = nowNs;
        // Then it all sets out anew, with every goal where its joint is.
        if (_torque.Is(isOn: true) is false)
            Mode = ArmMode.Slack;
    }

    private void Say()
    {
        var isHeld = _watch.Concern >= ArmConcern.Hold;
        var words = _watch.Words;
        _holding = isHeld ? words : null;
        _isSettingOut = Mode != ArmMode.Following;
        _note =
            words.Length > 0 ? words
            : Mode == ArmMode.Approaching ? "it goes slowly to where it is first told to be"
            : null;
    }
}
