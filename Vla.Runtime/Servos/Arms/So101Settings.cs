using Vla.Runtime.Servos.Feetech;

namespace Vla.Runtime.Servos.Arms;

/// <summary>What the servos of an SO-100 or SO-101 are set to, as LeRobot does.</summary>
internal static class So101Settings
{
    private const int WrapAngle = 0x10;

    private static readonly ServoSetting[] Common =
    [
        new(Sts3215.ReturnDelay, 0),
        new(Sts3215.MaximumAcceleration, 254),
        new(Sts3215.Acceleration, 254),
        new(Sts3215.OperatingMode, 0),
        new(Sts3215.Phase, phase => phase & ~WrapAngle),
    ];

    private static readonly ServoSetting[] Follower = [new(Sts3215.P, 16), new(Sts3215.I, 0), new(Sts3215.D, 32)];

    /// <summary>So that it does not burn while it holds something.</summary>
    private static readonly ServoSetting[] Gripper =
    [
        new(Sts3215.MaximumTorque, 500),
        new(Sts3215.ProtectionCurrent, 250),
        new(Sts3215.OverloadTorque, 25),
    ];

    public static IReadOnlyList<ServoSetting> Of(int place) =>
        [.. Common, .. Follower, .. place == ArmKind.Gripper ? Gripper : []];

    /// <summary>A leader keeps its own stiffness.</summary>
    public static IReadOnlyList<ServoSetting> OfLeader(int place) => Common;
}
