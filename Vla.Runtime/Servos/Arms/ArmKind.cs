namespace Vla.Runtime.Servos.Arms;

/// <summary>What kind of arm it is: what its joints are called, and where LeRobot keeps its calibration.</summary>
/// <param name="Name">As users write it: <c>so101</c>.</param>
/// <param name="IsLeader">Whether a person leads it by hand.</param>
internal sealed record ArmKind(string Name, bool IsLeader)
{
    /// <summary>In the order of the servos' numbers, from 1.</summary>
    public static readonly IReadOnlyList<string> Joints =
    [
        "shoulder_pan",
        "shoulder_lift",
        "elbow_flex",
        "wrist_flex",
        "wrist_roll",
        "gripper",
    ];

    /// <summary>All that there are.</summary>
    public static readonly IReadOnlyList<ArmKind> All =
    [
        new("so101", IsLeader: false),
        new("so100", IsLeader: false),
        new("so101_leader", IsLeader: true),
        new("so100_leader", IsLeader: true),
    ];

    /// <summary>Their names, for help and messages.</summary>
    public static string Possible => string.Join(", ", All);

    /// <summary>Bits a second on an arm's line.</summary>
    public const int Baud = 1_000_000;

    public static readonly int[] Ids = [.. Enumerable.Range(1, Joints.Count)];

    public static readonly ServoNames ServoNames = new(Joints);

    /// <summary>The gripper closes upon things: it may push against them, and counts from 0 to 100.</summary>
    public const int Gripper = 5;

    /// <summary>It turns all round: it has no stops to be found.</summary>
    public const int WristRoll = 4;

    /// <summary>The folders of LeRobot's calibration folder that its file may lie in, the newest first.</summary>
    public IReadOnlyList<string> CalibrationFolders =>
        IsLeader
            ? ["teleoperators/so_leader", "teleoperators/so101_leader", "teleoperators/so100_leader"]
            : ["robots/so_follower", "robots/so101_follower", "robots/so100_follower"];

    public override string ToString() => Name;
}
