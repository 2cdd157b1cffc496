using Vla.Actors.Robots;

namespace Vla.Runtime.Servos.Arms;

/// <summary>All joints of an arm in LeRobot's numbers: names, limits, and back.</summary>
internal sealed class ArmScale
{
    /// <summary>LeRobot's numbers have no unit of their own: data of either scale has none.</summary>
    private const string Unit = "1";

    /// <summary>How fast a joint may turn, steps a second: 220 degrees.</summary>
    private const double FastestSteps = 2_500;

    /// <summary>In so many seconds it is that fast.</summary>
    private const double SecondsToFastest = 0.1;

    private readonly JointScale[] _joints;

    /// <param name="calibration">Its ranges.</param>
    /// <param name="kind">Which numbers.</param>
    /// <param name="make">Its servos'.</param>
    public ArmScale(ArmCalibration calibration, ScaleKind kind, ServoMake make)
    {
        Calibration = calibration;
        // Servos that count the other way round by themselves tell positions that need not be turned round again.
        var joints = calibration.Joints.Select(joint => make.DriveMode is null ? joint : joint with { DriveMode = 0 });
        _joints = [.. joints.Select((joint, place) => new JointScale(joint, place, kind))];
    }

    /// <summary>Its ranges.</summary>
    public ArmCalibration Calibration { get; }

    /// <summary>As LeRobot names them: <c>shoulder_pan.pos</c>.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. ArmKind.Joints.Select(joint => joint + ".pos")];

    public static IReadOnlyList<string> Units { get; } = [.. ArmKind.Joints.Select(_ => Unit)];

    public JointScale this[int place] => _joints[place];

    /// <summary>Limits of the arm's actions.</summary>
    public RobotProfile Profile(string name) => new(name, limitsEnabled: true, [.. _joints.Select(Dimension)]);

    private static RobotDimension Dimension(JointScale joint, int place) =>
        new()
        {
            Name = Names[place],
            Unit = Unit,
            Minimum = (float)joint.Minimum,
            Maximum = (float)joint.Maximum,
            MaximumRate = (float)(FastestSteps / joint.Steps),
            MaximumAcceleration = (float)(FastestSteps / joint.Steps / SecondsToFastest),
            Hold = HoldBehaviour.Keep,
            Start = (float)((joint.Minimum + joint.Maximum) / 2),
        };
}
