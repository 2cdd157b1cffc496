using Vla.Actors.Robots;

namespace Vla.Runtime.Networks.LeKiwi;

/// <summary>What LeKiwi's host is told and tells: LeRobot's names, an arm's joints and the base's speeds.</summary>
internal static class LeKiwiForm
{
    private const string Unit = "1";

    /// <summary>In the order of LeRobot's data sets.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "arm_shoulder_pan.pos",
        "arm_shoulder_lift.pos",
        "arm_elbow_flex.pos",
        "arm_wrist_flex.pos",
        "arm_wrist_roll.pos",
        "arm_gripper.pos",
        "x.vel",
        "y.vel",
        "theta.vel",
    ];

    /// <summary>Joints go from -100 to 100, the gripper from 0 to 100, as the host has them calibrated.</summary>
    public static readonly IReadOnlyList<string> Units = [Unit, Unit, Unit, Unit, Unit, Unit, "m/s", "m/s", "deg/s"];

    /// <summary>Limits of a robot whose profile nobody gives: slow, and within what its base drives.</summary>
    public static RobotProfile Profile { get; } =
        new("lekiwi", limitsEnabled: true, [.. Names.Select((name, i) => Dimension(name, Units[i]))]);

    private static RobotDimension Dimension(string name, string unit) =>
        unit switch
        {
            "m/s" => Speed(name, unit, fastest: 0.3f),
            "deg/s" => Speed(name, unit, fastest: 90),
            _ => new RobotDimension
            {
                Name = name,
                Unit = unit,
                Minimum = name.Contains("gripper", StringComparison.Ordinal) ? 0 : -100,
                Maximum = 100,
                MaximumRate = 100,
                MaximumAcceleration = 500,
                Hold = HoldBehaviour.Keep,
            },
        };

    private static RobotDimension Speed(string name, string unit, float fastest) =>
        new()
        {
            Name = name,
            Unit = unit,
            Minimum = -fastest,
            Maximum = fastest,
            MaximumRate = 4 * fastest,
            MaximumAcceleration = 40 * fastest,
            Hold = HoldBehaviour.Zero,
        };
}
