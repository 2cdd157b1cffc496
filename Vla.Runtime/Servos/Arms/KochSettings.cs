using Vla.Runtime.Servos.Dynamixel;

namespace Vla.Runtime.Servos.Arms;

/// <summary>What the servos of a Koch v1.1 are set to, as LeRobot does where it is not said otherwise.</summary>
/// <remarks>
/// Those that outlast a loss of power come first: a change of the mode takes the others back to what they are usually.
/// </remarks>
internal static class KochSettings
{
    private const int ElbowFlex = 2;

    /// <summary>The bit that has a servo count the other way round: calibration's business.</summary>
    private const int Inverted = 1;

    /// <summary>Milliamperes with which the gripper holds: a third of what it could. LeRobot sets no limit.</summary>
    private const int GripperCurrent = 500;

    /// <summary>Milliamperes that a finger overcomes. LeRobot sets no limit.</summary>
    private const int TriggerCurrent = 150;

    public static IReadOnlyList<ServoSetting> Of(int place) =>
        [
            .. Common(place),
            .. place == ElbowFlex ? Elbow : [],
            .. place == ArmKind.Gripper ? Holds(GripperCurrent) : [],
        ];

    public static IReadOnlyList<ServoSetting> OfLeader(int place) =>
        [.. Common(place), .. place == ArmKind.Gripper ? Holds(TriggerCurrent) : []];

    private static readonly ServoSetting[] Elbow = [new(XSeries.P, 1_500), new(XSeries.I, 0), new(XSeries.D, 600)];

    private static ServoSetting[] Common(int place) =>
        [
            new(XSeries.ReturnDelay, 0),
            // Neither profiles by time nor torque that comes on with a goal.
            new(XSeries.DriveMode, mode => mode & Inverted),
            new(
                XSeries.OperatingMode,
                place == ArmKind.Gripper ? XSeries.CurrentBasedPosition : XSeries.ExtendedPosition
            ),
            // Another program's watchdog would refuse goals; goals are small steps, they need no profile.
            new(XSeries.BusWatchdog, 0),
            new(XSeries.ProfileVelocity, 0),
            new(XSeries.ProfileAcceleration, 0),
        ];

    private static ServoSetting[] Holds(int milliamperes) => [new(XSeries.GoalCurrent, milliamperes)];
}
