using Vla.Runtime.Servos.Dynamixel;
using Vla.Runtime.Servos.Feetech;

namespace Vla.Runtime.Servos.Arms;

/// <summary>
/// What kind of arm it is: its servos, what they are set to, which joints have no stops, where LeRobot keeps its
/// calibration. Another arm of six joints is another of these.
/// </summary>
internal sealed record ArmKind
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

    /// <summary>Bits a second on an arm's line.</summary>
    public const int Baud = 1_000_000;

    /// <summary>The gripper closes upon things: it may push against them, and counts from 0 to 100.</summary>
    public const int Gripper = 5;

    private const int ShoulderPan = 0;
    private const int ElbowFlex = 2;
    private const int WristRoll = 4;

    /// <summary>What is at the end of a leader's name.</summary>
    private const string LeaderEnd = "_leader";

    public static readonly int[] Ids = [.. Enumerable.Range(1, Joints.Count)];

    public static readonly ServoNames ServoNames = new(Joints);

    public static readonly ArmKind So101 = new()
    {
        Name = "so101",
        What = "an SO-101",
        Make = Sts3215.Make,
        Models = [.. Ids.Select(_ => Sts3215.Model)],
        Turning = [WristRoll],
        UsualSweeps = [2_500, 2_350, 2_200, 2_250, Sts3215.Resolution, 1_400],
        Settings = So101Settings.Of,
        CalibrationFolders = ["robots/so_follower", "robots/so101_follower", "robots/so100_follower"],
    };

    public static readonly ArmKind So101Leader = So101 with
    {
        Name = "so101" + LeaderEnd,
        IsLeader = true,
        Settings = So101Settings.OfLeader,
        CalibrationFolders = ["teleoperators/so_leader", "teleoperators/so101_leader", "teleoperators/so100_leader"],
    };

    public static readonly ArmKind Koch = new()
    {
        Name = "koch",
        What = "a Koch v1.1",
        Make = XSeries.Make,
        Models =
        [
            XSeries.Xl430,
            XSeries.Xl430,
            XSeries.Xl330M288,
            XSeries.Xl330M288,
            XSeries.Xl330M288,
            XSeries.Xl330M288,
        ],
        Turning = [ShoulderPan, WristRoll],
        // Nobody has measured them.
        UsualSweeps = [],
        Settings = KochSettings.Of,
        CalibrationFolders = ["robots/koch_follower"],
        // An XL330 takes 1.5 A when it is blocked with all its torque.
        Limits = new ArmLimits { WarnMilliamperes = 700, HoldMilliamperes = 1_000 },
    };

    public static readonly ArmKind KochLeader = Koch with
    {
        Name = "koch" + LeaderEnd,
        What = "a Koch v1.1 leader",
        IsLeader = true,
        Models = [.. Ids.Select(_ => XSeries.Xl330M077)],
        Inverted = [ElbowFlex],
        Settings = KochSettings.OfLeader,
        HasTrigger = true,
        CalibrationFolders = ["teleoperators/koch_leader"],
    };

    /// <summary>All that there are.</summary>
    public static readonly IReadOnlyList<ArmKind> All =
    [
        So101,
        So101 with
        {
            Name = "so100",
        },
        So101Leader,
        So101Leader with
        {
            Name = "so100" + LeaderEnd,
        },
        Koch,
        KochLeader,
    ];

    private ArmKind() { }

    /// <summary>As users write it: <c>so101</c>.</summary>
    public required string Name { get; init; }

    /// <summary>In messages.</summary>
    public required string What { get; init; }

    /// <summary>Whether a person leads it by hand.</summary>
    public bool IsLeader { get; init; }

    public required ServoMake Make { get; init; }

    /// <summary>The number of each joint's model.</summary>
    public required IReadOnlyList<int> Models { get; init; }

    /// <summary>Joints that turn all round: they have no stops to be found, and are asked for their middle.</summary>
    public required IReadOnlyList<int> Turning { get; init; }

    /// <summary>Joints whose servos count the other way round.</summary>
    public IReadOnlyList<int> Inverted { get; init; } = [];

    /// <summary>How far its joints usually go, steps; empty where that is not known.</summary>
    public required IReadOnlyList<int> UsualSweeps { get; init; }

    /// <summary>What a joint's servo is set to, in this order.</summary>
    public required Func<int, IReadOnlyList<ServoSetting>> Settings { get; init; }

    /// <summary>Whether a leader's gripper opens by itself when it is let go: it has a little torque.</summary>
    public bool HasTrigger { get; init; }

    /// <summary>What it may do and bear.</summary>
    public ArmLimits Limits { get; init; } = new();

    /// <summary>The folders of LeRobot's calibration folder that its file may lie in, the newest first.</summary>
    public required IReadOnlyList<string> CalibrationFolders { get; init; }

    /// <summary>The names of all, for help and messages.</summary>
    public static string Possible => string.Join(", ", All);

    /// <summary>What follows such a leader; for one that follows, itself.</summary>
    public string FollowerName => IsLeader ? Name[..^LeaderEnd.Length] : Name;

    /// <summary>What leads such an arm; for a leader, itself.</summary>
    public string LeaderName => IsLeader ? Name : Name + LeaderEnd;

    /// <summary>The names of <see cref="Turning"/>: <c>shoulder_pan and wrist_roll</c>.</summary>
    public string TurningNames => string.Join(" and ", Turning.Select(place => Joints[place]));

    public override string ToString() => Name;
}
