namespace Vla.Runtime.ServoSimulation;

/// <summary>
/// Something to do for simulated arms: the follower is to be where a dot is, and a hand that knows can lead it there.
/// </summary>
/// <remarks>
/// The dot is for two joints, shoulder_pan and shoulder_lift; the others stay where <see cref="Pose"/> has them. A try
/// begins with <see cref="Next"/>, and succeeds when both are near enough for <see cref="NearSeconds"/>.
/// </remarks>
/// <param name="follower">Is to be there.</param>
/// <param name="leader">Led by the hand that knows; null without one.</param>
/// <param name="seed">Where the dots are.</param>
internal sealed class ReachingTask(SimulatedArm follower, SimulatedArm? leader, int seed)
{
    /// <summary>How near is near enough, steps: four degrees.</summary>
    public const double NearSteps = 45;

    /// <summary>How long it has to be there.</summary>
    public const double NearSeconds = 0.4;

    /// <summary>How long the hand that knows takes.</summary>
    private const double ReachSeconds = 1.5;

    private const int Pan = 0;
    private const int Lift = 1;
    private const double LeastPan = 1_400;
    private const double MostPan = 2_700;
    private const double LeastLift = 1_300;
    private const double MostLift = 2_700;

    /// <summary>A dot is never so near to the one before that nothing would have to be done, steps.</summary>
    private const double LeastWay = 250;

    private readonly Lock _turn = new();
    private readonly Random _random = new(seed);
    private double[] _dot = [2_048, 2_000];
    private double? _nearSince;
    private bool _isReached = true;

    /// <summary>Where joints are that the dot is not for, steps; the gripper is half open.</summary>
    private static double[] Pose => [2_048, 2_000, 1_960, 2_000, 2_048, 2_700];

    /// <summary>Dots so far.</summary>
    public int Tries { get; private set; }

    /// <summary>Of these, how many were reached.</summary>
    public int Reached { get; private set; }

    /// <summary>Lays another dot.</summary>
    /// <returns>In words.</returns>
    public string Next()
    {
        lock (_turn)
        {
            var before = _dot;
            do
            {
                _dot =
                [
                    LeastPan + _random.NextDouble() * (MostPan - LeastPan),
                    LeastLift + _random.NextDouble() * (MostLift - LeastLift),
                ];
            } while (Math.Abs(_dot[Pan] - before[Pan]) + Math.Abs(_dot[Lift] - before[Lift]) < LeastWay);

            (_nearSince, _isReached) = (null, false);
            Tries++;
            return $"dot {Tries}";
        }
    }

    /// <summary>The hand that knows leads to the dot.</summary>
    /// <returns>In words.</returns>
    public string Reach()
    {
        if (leader is null)
            return "there is no leader: simulate so101_leader too";
        lock (_turn)
        {
            var pose = Pose;
            (pose[Pan], pose[Lift]) = (_dot[Pan], _dot[Lift]);
            leader.LeadTo(pose, ReachSeconds);
            return $"a hand leads to dot {Tries}";
        }
    }

    /// <summary>Looks how it stands.</summary>
    /// <param name="now">Seconds, from any origin, the same for all who look.</param>
    public ReachingView Look(double now)
    {
        var angles = follower.Line.Do(bus => bus.Servos.Select(servo => servo.Angle).ToArray());
        lock (_turn)
        {
            var isNear =
                Math.Abs(angles[Pan] - _dot[Pan]) < NearSteps && Math.Abs(angles[Lift] - _dot[Lift]) < NearSteps;
            if (!isNear)
                _nearSince = null;
            else if (!_isReached && now - (_nearSince ??= now) >= NearSeconds)
            {
                _isReached = true;
                Reached++;
            }

            return new ReachingView(angles[Pan], angles[Lift], _dot[Pan], _dot[Lift], _isReached, Tries, Reached);
        }
    }
}

/// <summary>What there is to be seen of it: angles in steps.</summary>
/// <param name="Pan">Of the follower's shoulder_pan.</param>
/// <param name="Lift">Of its shoulder_lift.</param>
/// <param name="DotPan">Where the dot is.</param>
/// <param name="DotLift">The same.</param>
/// <param name="IsReached">Whether it was there.</param>
/// <param name="Tries">Dots so far.</param>
/// <param name="Reached">Of these, how many were reached.</param>
internal readonly record struct ReachingView(
    double Pan,
    double Lift,
    double DotPan,
    double DotLift,
    bool IsReached,
    int Tries,
    int Reached
)
{
    /// <summary>In words: <c>dot 3 reached, 2 of 3</c>.</summary>
    public string Words => $"dot {Tries} {(IsReached ? "reached" : "not reached")}, {Reached} of {Tries}";
}
