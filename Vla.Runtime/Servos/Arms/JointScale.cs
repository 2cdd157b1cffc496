namespace Vla.Runtime.Servos.Arms;

/// <summary>Which numbers an arm's positions are.</summary>
internal enum ScaleKind
{
    /// <summary>
    /// Degrees from the middle of the range; the gripper from 0 to 100. LeRobot's since its version 0.4.4.
    /// </summary>
    Degrees,

    /// <summary>The calibrated range as -100 to 100; the gripper from 0 to 100. LeRobot's before.</summary>
    Range,
}

/// <summary>Turns a servo's positions into LeRobot's numbers and back, as LeRobot does.</summary>
/// <remarks>One thing is not as there: a goal never leaves the calibrated range, in degrees neither.</remarks>
internal sealed class JointScale
{
    private const double DegreesOfStep = 360.0 / 4_095;

    private readonly JointCalibration _joint;
    private readonly bool _isDegrees;
    private readonly bool _isGripper;
    private readonly double _span;
    private readonly double _middle;

    /// <param name="joint">Its range.</param>
    /// <param name="place">Which joint of the arm, from 0.</param>
    /// <param name="kind">Which numbers.</param>
    public JointScale(JointCalibration joint, int place, ScaleKind kind)
    {
        _joint = joint;
        _isGripper = place == ArmKind.Gripper;
        _isDegrees = kind == ScaleKind.Degrees && !_isGripper;
        _span = joint.RangeMax - joint.RangeMin;
        _middle = (joint.RangeMin + joint.RangeMax) / 2.0;
        Steps =
            _isDegrees ? 1 / DegreesOfStep
            : _isGripper ? _span / 100
            : _span / 200;
    }

    /// <summary>The least value.</summary>
    public double Minimum =>
        _isDegrees ? -_span / 2 * DegreesOfStep
        : _isGripper ? 0
        : -100;

    /// <summary>The greatest value.</summary>
    public double Maximum => _isDegrees ? _span / 2 * DegreesOfStep : 100;

    /// <summary>Steps of the servo for 1 of the value.</summary>
    public double Steps { get; }

    /// <summary>A position as LeRobot's number.</summary>
    public double ToValue(double position)
    {
        if (_isDegrees)
            return (position - _middle) * DegreesOfStep;
        var share = (Math.Clamp(position, _joint.RangeMin, _joint.RangeMax) - _joint.RangeMin) / _span;
        if (_isGripper)
            return _joint.DriveMode == 1 ? 100 - share * 100 : share * 100;
        var value = share * 200 - 100;
        return _joint.DriveMode == 1 ? -value : value;
    }

    /// <summary>LeRobot's number as a position, within the range; part of a step is cut off, as there.</summary>
    public int ToPosition(double value)
    {
        if (_isDegrees)
            return Math.Clamp((int)(value / DegreesOfStep + _middle), _joint.RangeMin, _joint.RangeMax);
        if (_isGripper)
        {
            var open = Math.Clamp(_joint.DriveMode == 1 ? 100 - value : value, 0, 100);
            return (int)(open / 100 * _span + _joint.RangeMin);
        }

        var within = Math.Clamp(_joint.DriveMode == 1 ? -value : value, -100, 100);
        return (int)((within + 100) / 200 * _span + _joint.RangeMin);
    }
}
