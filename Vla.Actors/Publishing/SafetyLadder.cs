using System.Globalization;

namespace Vla.Actors.Publishing;

/// <summary>Decides at every tick whether the robot follows the policy, holds, or stops, and says why.</summary>
/// <remarks>
/// Until the first policy action the robot holds, however long that takes: nothing is wrong yet. From then on, no fresh
/// action means hold, and after the hold time stop. A stop ends with the next fresh action, or, when set to manual, with
/// <see cref="Reset"/>.
/// </remarks>
internal sealed class SafetyLadder(ControlOptions options)
{
    private bool _hasActed;
    private bool _latched;
    private long _holdingSinceNs;

    public ControlState State { get; private set; } = ControlState.Hold;

    public string Reason { get; private set; } = "";

    /// <summary>True when only <see cref="Reset"/> ends the stop.</summary>
    public bool IsLatched => Volatile.Read(ref _latched);

    /// <param name="nowNs">The tick's time.</param>
    /// <param name="actionDue">Whether a good action is due.</param>
    /// <param name="blindness">Why nobody may move by sight; null while they may. Said also when it comes while holding.</param>
    /// <param name="complaint">What is wrong with the newest action; empty when nothing is.</param>
    /// <param name="idleReason">Why there has been no action at all yet.</param>
    public ControlState Step(long nowNs, bool actionDue, string? blindness, string complaint, string idleReason)
    {
        if (_latched) return State;
        complaint = blindness ?? complaint;
        if (actionDue)
        {
            _hasActed = true;
            return Enter(ControlState.Policy, "");
        }

        if (!_hasActed) return Enter(ControlState.Hold, complaint.Length > 0 ? complaint : idleReason);
        switch (State)
        {
            case ControlState.Policy:
                _holdingSinceNs = nowNs;
                Enter(ControlState.Hold, complaint.Length > 0 ? complaint : "no fresh action");
                if (options.HoldMs == 0) StopForWant();
                break;
            case ControlState.Hold when nowNs - _holdingSinceNs >= options.HoldNs:
                if (blindness is not null) Reason = blindness;
                StopForWant();
                break;
            case ControlState.Hold when blindness is not null:
                Reason = blindness;
                break;
        }

        return State;
    }

    /// <summary>Stops until <see cref="Reset"/>.</summary>
    public void Latch(string reason)
    {
        _latched = true;
        Enter(ControlState.Stop, reason);
    }

    /// <summary>Stops because the loop itself failed; what ends that stop is set in the options.</summary>
    public void Fail(string reason)
    {
        _hasActed = true;
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

    private void StopForWant()
    {
        _latched = options.ResumeAfterStop == ResumeAfterStop.Manual;
        var ending = _latched ? "; resume to go on" : "";
        Enter(ControlState.Stop, string.Create(CultureInfo.InvariantCulture, $"held for {options.HoldMs} ms: {Reason}{ending}"));
    }

    private ControlState Enter(ControlState state, string reason)
    {
        State = state;
        Reason = reason;
        return state;
    }
}
