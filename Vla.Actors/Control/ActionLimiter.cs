using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>
/// Keeps what is published within the robot's limits: value, rate of change and acceleration, per dimension.
/// </summary>
/// <remarks>
/// <para>
/// Each dimension moves like a cart with a speed limit and an acceleration limit between two walls. At every tick the
/// limiter picks the speed for the time since the last tick, so skipped ticks move the cart as far as on-time ones
/// would. It never goes faster than it can brake for: with acceleration A, and moving at v for dt before braking, it
/// needs v·dt + v²/2A of free way. Solved for v that is √(A²dt² + 2A·way) − A·dt. From a speed chosen so, braking in
/// time stays possible whatever the length of later ticks, so the walls (minimum and maximum) are never reached too
/// fast and a resting target is approached without oscillation.
/// </para>
/// <para>
/// A target that moves at a speed the cart may have is followed at that speed and the way is counted from where the
/// target just was: a trajectory within the limits passes unchanged, without lag. A target that jumps is approached as
/// if it rested.
/// </para>
/// <para>What wins when not everything can be had: finite, then value, then acceleration, then rate, then the
/// target.</para>
/// </remarks>
internal sealed class ActionLimiter
{
    /// <summary>After a longer gap the robot must not jump: no tick counts for more than this many periods.</summary>
    public const int MaximumElapsedPeriods = 5;

    /// <summary>What is left of the way to a target when only rounding is left, in any unit: a picometre.</summary>
    private const double Negligible = 1e-12;

    private readonly RobotProfile _profile;
    private readonly long _maximumElapsedNs;
    private readonly Motion[] _motions;

    /// <param name="profile">The limits.</param>
    /// <param name="periodNs">The control period, nanoseconds.</param>
    public ActionLimiter(RobotProfile profile, long periodNs)
    {
        _profile = profile;
        _maximumElapsedNs = MaximumElapsedPeriods * periodNs;
        _motions = new Motion[profile.Dimensions.Count];
        for (var i = 0; i < _motions.Length; i++)
            _motions[i].Value = _motions[i].Target = profile.Dimensions[i].Start;
    }

    /// <summary>Where a dimension was last told to be.</summary>
    public float ValueOf(int dimension) => (float)_motions[dimension].Value;

    /// <summary>Takes a dimension to be at rest at a place, without moving it there.</summary>
    /// <param name="dimension">Its index.</param>
    /// <param name="value">In its unit. Outside the limits too: from there it moves back into them, never further
    /// out.</param>
    public void Place(int dimension, float value)
    {
        _motions[dimension].Value = value;
        Rest(ref _motions[dimension]);
    }

    /// <summary>Moves towards an action.</summary>
    /// <param name="target">The wanted values, one per dimension. One that is not finite counts as "stay".</param>
    /// <param name="elapsedNs">Time since the last call, nanoseconds.</param>
    /// <param name="output">Receives the values to publish.</param>
    /// <returns>Bit i is set when output i is not what was wanted.</returns>
    public ulong Follow(ReadOnlySpan<float> target, long elapsedNs, Span<float> output)
    {
        var clamped = 0UL;
        var seconds = Seconds(elapsedNs);
        for (var i = 0; i < _motions.Length; i++)
        {
            output[i] = Move(i, target[i], seconds);
            if (output[i] != target[i])
                clamped |= 1UL << i;
        }

        return clamped;
    }

    /// <summary>Moves towards rest: deltas and velocities to zero, positions to where they can stop.</summary>
    public void Hold(long elapsedNs, Span<float> output)
    {
        var seconds = Seconds(elapsedNs);
        for (var i = 0; i < _motions.Length; i++)
            output[i] = _profile.Dimensions[i].Hold == HoldBehaviour.Zero ? Move(i, 0, seconds) : Brake(i, seconds);
    }

    /// <summary>
    /// Is at rest at once, whatever rate and acceleration say: deltas and velocities are zero, positions repeat.
    /// </summary>
    public void Stop(Span<float> output)
    {
        for (var i = 0; i < _motions.Length; i++)
        {
            ref var motion = ref _motions[i];
            if (_profile.Dimensions[i].Hold == HoldBehaviour.Zero)
                motion.Value = 0;
            output[i] = Rest(ref motion);
        }
    }

    private double Seconds(long elapsedNs) =>
        (double)Math.Clamp(elapsedNs, 0, _maximumElapsedNs) / MonotonicTime.NsPerSecond;

    private float Move(int index, float wanted, double seconds)
    {
        ref var motion = ref _motions[index];
        if (!float.IsFinite(wanted))
            wanted = (float)motion.Value;
        if (!_profile.LimitsEnabled)
        {
            motion.Value = wanted;
            return Rest(ref motion);
        }

        var limits = _profile.Dimensions[index];
        double target = Math.Clamp(wanted, limits.Minimum, limits.Maximum);
        if (seconds <= 0)
            return (float)motion.Value;

        var speedChange = limits.MaximumAcceleration * seconds;
        var targetSpeed = (target - motion.Target) / seconds;
        var followable =
            Math.Abs(targetSpeed) <= limits.MaximumRate && Math.Abs(targetSpeed - motion.Speed) <= speedChange;
        var speed = followable
            ? targetSpeed + Approach(motion.Target - motion.Value, limits.MaximumAcceleration, speedChange)
            : Approach(target - motion.Value, limits.MaximumAcceleration, speedChange);
        motion.Target = target;
        var value = Advance(ref motion, limits, speed, speedChange, seconds);
        if (Math.Abs(target - motion.Value) > Negligible)
            return value;
        motion.Value = target;
        return (float)target;
    }

    private float Brake(int index, double seconds)
    {
        ref var motion = ref _motions[index];
        if (!_profile.LimitsEnabled || seconds <= 0)
            return (float)motion.Value;
        var limits = _profile.Dimensions[index];
        var value = Advance(ref motion, limits, 0, limits.MaximumAcceleration * seconds, seconds);
        motion.Target = motion.Value;
        return value;
    }

    /// <summary>The speed at which a way can be gone for one tick and braking still fits into the rest of it.</summary>
    private static double Approach(double way, double acceleration, double speedChange) =>
        Math.CopySign(Math.Sqrt(speedChange * speedChange + 2 * acceleration * Math.Abs(way)) - speedChange, way);

    private static float Advance(
        ref Motion motion,
        RobotDimension limits,
        double speed,
        double speedChange,
        double seconds
    )
    {
        speed = Math.Clamp(speed, -limits.MaximumRate, limits.MaximumRate);
        speed = Math.Clamp(speed, motion.Speed - speedChange, motion.Speed + speedChange);
        // A robot that stands outside its limits has its wall where it stands.
        var (lowest, highest) = (Math.Min(limits.Minimum, motion.Value), Math.Max(limits.Maximum, motion.Value));
        speed = Math.Clamp(
            speed,
            Approach(lowest - motion.Value, limits.MaximumAcceleration, speedChange),
            Approach(highest - motion.Value, limits.MaximumAcceleration, speedChange)
        );
        motion.Speed = speed;
        motion.Value = Math.Clamp(motion.Value + speed * seconds, lowest, highest);
        return (float)motion.Value;
    }

    private static float Rest(ref Motion motion)
    {
        motion.Target = motion.Value;
        motion.Speed = 0;
        return (float)motion.Value;
    }

    /// <summary>Where a dimension is, how fast it goes, and where it was last wanted.</summary>
    private struct Motion
    {
        public double Value;
        public double Speed;
        public double Target;
    }
}
