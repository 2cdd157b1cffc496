using Vla.Actors.Robots;

namespace Vla.Runtime.Teleoperation;

/// <summary>A way in which a hand can be moved, of a robot whose actions are Cartesian.</summary>
internal enum HandAxis
{
    X,
    Y,
    Z,
    Roll,
    Pitch,
    Yaw,
}

/// <summary>Makes actions of directions: of keys that are held, of sticks that are pushed.</summary>
/// <remarks>
/// For a robot with actions <c>x</c>, <c>y</c> and so on. Where they are steps or speeds (the profile's <c>hold</c> is
/// <c>zero</c>), a direction is a share of the greatest; where they are places (<c>keep</c>), the place moves from
/// where the robot is, at the profile's <c>maximumRate</c>, but over the whole range in <see cref="RangeSeconds"/> at
/// most.
/// </remarks>
internal sealed class CartesianHand
{
    /// <summary>A place goes through its whole range in so many seconds, or more slowly.</summary>
    private const double RangeSeconds = 4;

    /// <summary>The jaw opens or closes in so many seconds where it is moved bit by bit.</summary>
    private const double JawSeconds = 0.6;

    private static readonly string[] Prefixes = ["delta_", "ee.", "ee_", "target_"];

    private readonly RobotProfile _profile;
    private readonly Func<IReadOnlyList<float>?> _state;
    private readonly int[] _stateOf;
    private readonly HandAxis?[] _axes;
    private readonly int _gripper;
    private readonly double[] _directions = new double[Enum.GetValues<HandAxis>().Length];
    private readonly float[] _values;
    private double _jaw = 1;
    private double? _jawTarget;
    private bool _isPlaced;

    /// <param name="profile">The robot's.</param>
    /// <param name="stateNames">What it tells of itself.</param>
    /// <param name="state">Where it is, in the order of its state's names; null while that is not known.</param>
    /// <param name="who">Whose directions, for messages.</param>
    /// <exception cref="UsageException">Its actions are not Cartesian.</exception>
    public CartesianHand(
        RobotProfile profile,
        IReadOnlyList<string> stateNames,
        Func<IReadOnlyList<float>?> state,
        string who
    )
    {
        (_profile, _state) = (profile, state);
        _axes = [.. profile.Dimensions.Select(dimension => AxisOf(dimension.Name))];
        _values = new float[_axes.Length];
        var names = profile.Dimensions.Select(dimension => Bare(dimension.Name)).ToList();
        _gripper = names.IndexOf("gripper");
        if (!_axes.Contains(HandAxis.X) || !_axes.Contains(HandAxis.Y))
        {
            throw new UsageException(
                $"robot '{profile.Name}' takes {string.Join(' ', profile.Dimensions.Select(one => one.Name))}: {who} "
                    + "leads robots whose actions are x, y and so on, such as world; lead this one with a leader arm"
            );
        }

        _stateOf = [.. profile.Dimensions.Select(dimension => stateNames.ToList().IndexOf(dimension.Name))];
        for (var i = 0; i < _values.Length; i++)
            _values[i] = profile.Dimensions[i].Hold == HoldBehaviour.Keep ? profile.Dimensions[i].Start : 0;
        if (_gripper >= 0)
            _jaw = Share(_gripper, _values[_gripper]);
    }

    /// <summary>Where the jaw is told to be: 0 closed, 1 open.</summary>
    public double Jaw => _jawTarget ?? _jaw;

    /// <summary>Says in which direction to go, -1 to 1.</summary>
    public void Push(HandAxis axis, double direction) => _directions[(int)axis] = Math.Clamp(direction, -1, 1);

    /// <summary>Nowhere.</summary>
    public void Rest() => Array.Clear(_directions);

    /// <summary>Opens the jaw, or closes it.</summary>
    public void ToggleJaw() => _jawTarget = Jaw > 0.5 ? 0 : 1;

    /// <summary>The robot may have been moved meanwhile: places begin where it is.</summary>
    public void Forget() => _isPlaced = false;

    /// <summary>The next action.</summary>
    /// <param name="seconds">Since the one before.</param>
    /// <returns>In the order of the profile; written anew by the next call. Empty while it is not known where the robot
    /// is.</returns>
    public ReadOnlySpan<float> Step(double seconds)
    {
        if (!_isPlaced && !TryPlace())
            return default;
        for (var i = 0; i < _values.Length; i++)
        {
            var dimension = _profile.Dimensions[i];
            if (i == _gripper)
            {
                MoveJaw(dimension, seconds);
                continue;
            }

            var direction = _axes[i] is { } axis ? _directions[(int)axis] : 0;
            if (dimension.Hold == HoldBehaviour.Zero)
            {
                _values[i] = (float)(direction >= 0 ? direction * dimension.Maximum : -direction * dimension.Minimum);
                continue;
            }

            var fastest = Math.Min(dimension.MaximumRate, (dimension.Maximum - dimension.Minimum) / RangeSeconds);
            _values[i] = (float)
                Math.Clamp(_values[i] + direction * fastest * seconds, dimension.Minimum, dimension.Maximum);
        }

        return _values;
    }

    private void MoveJaw(RobotDimension dimension, double seconds)
    {
        if (_jawTarget is { } target)
        {
            var step = seconds / JawSeconds;
            _jaw = target > _jaw ? Math.Min(target, _jaw + step) : Math.Max(target, _jaw - step);
        }

        _values[_gripper] = (float)(dimension.Minimum + _jaw * (dimension.Maximum - dimension.Minimum));
    }

    private bool TryPlace()
    {
        if (!_stateOf.Where((place, i) => place >= 0 && _profile.Dimensions[i].Hold == HoldBehaviour.Keep).Any())
            return _isPlaced = true;
        if (_state() is not { } state)
            return false;
        for (var i = 0; i < _values.Length; i++)
        {
            if (_stateOf[i] < 0 || _profile.Dimensions[i].Hold != HoldBehaviour.Keep)
                continue;
            _values[i] = state[_stateOf[i]];
            if (i == _gripper && _jawTarget is null)
                _jaw = Share(i, _values[i]);
        }

        return _isPlaced = true;
    }

    private double Share(int place, float value)
    {
        var dimension = _profile.Dimensions[place];
        var range = dimension.Maximum - dimension.Minimum;
        return range > 0 ? Math.Clamp((value - dimension.Minimum) / range, 0, 1) : 0;
    }

    private static HandAxis? AxisOf(string name) =>
        Bare(name) switch
        {
            "x" => HandAxis.X,
            "y" => HandAxis.Y,
            "z" => HandAxis.Z,
            "roll" or "rx" => HandAxis.Roll,
            "pitch" or "ry" => HandAxis.Pitch,
            "yaw" or "rz" => HandAxis.Yaw,
            _ => null,
        };

    private static string Bare(string name)
    {
        name = name.ToLowerInvariant();
        return Prefixes.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix
            ? name[prefix.Length..]
            : name;
    }
}
