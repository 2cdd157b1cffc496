namespace Vla.Runtime.Servos.Arms;

/// <summary>The whole turns that servos have counted beyond an arm's range.</summary>
/// <remarks>
/// A servo that counts turns begins to count when it gets power: a joint whose range lies across the end of a turn is
/// then told a turn too high or too low, and would go all round to a goal within its range. For servos that count none
/// it is 0 always.
/// </remarks>
internal sealed class ArmTurns(IReadOnlyList<int> middles, ServoMake make)
{
    private readonly int[] _turns = new int[middles.Count];
    private readonly int[] _last = new int[middles.Count];
    private bool _isKnown;

    public ArmTurns(ArmCalibration calibration, ServoMake make)
        : this([.. calibration.Joints.Select(joint => (joint.RangeMin + joint.RangeMax) / 2)], make) { }

    /// <summary>Of each joint, steps: what its servo tells beyond its position.</summary>
    public ReadOnlySpan<int> Steps => _turns;

    /// <summary>Looks at where servos without torque are: each joint is in the turn of its range.</summary>
    public void Find(ReadOnlySpan<int> told)
    {
        if (!make.CountsTurns)
            return;
        for (var i = 0; i < _turns.Length; i++)
            _turns[i] = Whole(told[i] - middles[i]);
        told.CopyTo(_last);
        _isKnown = true;
    }

    /// <summary>
    /// Looks at where servos with torque are: a joint may be beyond its range, but does not turn by half a turn from
    /// one look to the next. A servo that does so began to count anew.
    /// </summary>
    public void Follow(ReadOnlySpan<int> told)
    {
        if (!make.CountsTurns)
            return;
        if (!_isKnown)
        {
            Find(told);
            return;
        }

        for (var i = 0; i < _turns.Length; i++)
            _turns[i] += Whole(told[i] - _last[i]);
        told.CopyTo(_last);
    }

    /// <summary>What servos told becomes where the joints are.</summary>
    public void Take(Span<int> positions)
    {
        for (var i = 0; i < _turns.Length; i++)
            positions[i] -= _turns[i];
    }

    private int Whole(int steps) => (int)Math.Round(steps / (double)make.Resolution) * make.Resolution;
}
