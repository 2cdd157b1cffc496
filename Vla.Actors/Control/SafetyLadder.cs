using System.Globalization;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>Decides at every tick whether the robot follows the policy, holds, or stops, and says why.</summary>
/// <remarks>
/// Until the first policy action the robot holds, however long that takes: nothing is wrong yet. From then on, no fresh
/// action means hold, and after the hold time stop. What ends a stop is set: a fresh action, a fresh action as long as
/// the stop was short, or only <see cref="Reset"/>. Times include those in which the machine slept.
/// </remarks>
internal sealed class SafetyLadder(ControlOptions options)
{
    /// <summary>Motion does not begin again by itself after a longer stop: people may have come near.</summary>
    public const long ShortStopNs = 2 * MonotonicTime.NsPerSecond;

    private bool _hasActed;
    private bool _latched;
    private long _holdingSinceNs;
    private long _stoppedSinceNs;
    private string _stoppedFor = "";

    public ControlState State { get; private set; } = ControlState.Hold;

    public string Reason { get; private set; } = "";

    /// <summary>True when only <see cref="Reset"/> ends the stop.</summary>
    public bool IsLatched => Volatile.Read(ref _latched);

    /// <param name="nowNs">The tick's time.</param>
    /// <param name="actionDue">Whether a good action is due.</param>
    /// <param name="obstacle">Why nobody may move by sight, or set out; null while they may. Said also when it comes
    /// while holding or stopped.</param>
    /// <param name="complaint">What is wrong with the newest action; empty when nothing is.</param>
    /// <param name="idleReason">Why there has been no action at all yet.</param>
    public ControlState Step(long nowNs, bool actionDue, string? obstacle, string complaint, string idleReason)
    {
        if (
            !_latched
            && State == ControlState.Stop
            && options.LatchesLongStops
            && nowNs - _stoppedSinceNs > ShortStopNs
        )
        {
            _latched = true;
            Reason += "; stopped for more than 2 s: resume to go on";
        }

        if (_latched)
            return State;
        complaint = obstacle ?? complaint;
        if (actionDue)
        {
            _hasActed = true;
            return Enter(ControlState.Policy, "");
        }

        if (!_hasActed)
            return Enter(ControlState.Hold, complaint.Length > 0 ? complaint : idleReason);
        switch (State)
        {
            case ControlState.Policy:
                _holdingSinceNs = nowNs;
                Enter(ControlState.Hold, complaint.Length > 0 ? complaint : "no fresh action");
                if (options.HoldMs == 0)
                    StopForWant(nowNs);
                break;
            case ControlState.Hold when nowNs - _holdingSinceNs >= options.HoldNs:
                if (obstacle is not null)
                    Reason = obstacle;
                StopForWant(nowNs);
                break;
            case ControlState.Hold when obstacle is not null:
                Reason = obstacle;
                break;
            case ControlState.Stop:
                // What it was stopped for may be over, and something else in the way.
                Reason =
                    obstacle is null || _stoppedFor.EndsWith(obstacle, StringComparison.Ordinal)
                        ? _stoppedFor
                        : obstacle;
                break;
        }

        return State;
    }

    /// <summary>Goes down the ladder for the time in which no tick came: no action has been due since then.</summary>
    /// <param name="nowNs">The tick's time.</param>
    /// <param name="awayNs">How long there was none, nanoseconds.</param>
    /// <param name="reason">Why, in words.</param>
    public void Away(long nowNs, long awayNs, string reason)
    {
        if (_latched || State != ControlState.Policy)
            return;
        _holdingSinceNs = nowNs - awayNs;
        Enter(ControlState.Hold, reason);
        if (awayNs < options.HoldNs)
            return;
        _stoppedSinceNs = _holdingSinceNs + options.HoldNs;
        EnterStop(reason);
    }

    /// <summary>Stops until <see cref="Reset"/>.</summary>
    public void Latch(string reason)
    {
        _latched = true;
        Enter(ControlState.Stop, reason);
    }

    /// <summary>Stops because the loop itself failed; what ends that stop is set in the options.</summary>
    public void Fail(string reason, long nowNs)
    {
        _hasActed = true;
        if (State != ControlState.Stop)
            _stoppedSinceNs = nowNs;
        _latched |= options.ResumeAfterStop == ResumeAfterStop.Manual;
        Enter(ControlState.Stop, reason);
    }

    /// <summary>Begins anew: holds, and waits for a first action.</summary>
    public void Reset()
    {
        _latched = false;
        _hasActed = false;
        Enter(ControlState.Hold, "");
    }

    private void StopForWant(long nowNs)
    {
        _stoppedSinceNs = nowNs;
        EnterStop(string.Create(CultureInfo.InvariantCulture, $"held for {options.HoldMs} ms: {Reason}"));
    }

    private void EnterStop(string reason)
    {
        _latched = options.ResumeAfterStop == ResumeAfterStop.Manual;
        Enter(ControlState.Stop, _latched ? $"{reason}; resume to go on" : reason);
    }

    private ControlState Enter(ControlState state, string reason)
    {
        State = state;
        Reason = reason;
        if (state == ControlState.Stop)
            _stoppedFor = reason;
        return state;
    }
}
