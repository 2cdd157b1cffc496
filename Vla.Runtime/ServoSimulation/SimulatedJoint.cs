namespace Vla.Runtime.ServoSimulation;

/// <summary>What a simulated servo turns, and how that behaves by itself.</summary>
/// <param name="Name">Of the joint.</param>
/// <param name="FirstStop">The lower of the two angles beyond which it does not turn, steps of 4096 to a turn.</param>
/// <param name="LastStop">The upper one.</param>
/// <param name="LiesAt">Where its weight takes it when nothing holds it; null for a joint that stays where it
/// is.</param>
/// <param name="Weight">What share of the servo's torque it takes to hold it, 0 to 1.</param>
/// <param name="Begins">Where it is at first.</param>
internal sealed record SimulatedJoint(
    string Name,
    double FirstStop,
    double LastStop,
    double? LiesAt,
    double Weight,
    double Begins
)
{
    /// <summary>How fast the servo can turn, steps a second: 45 turns a minute.</summary>
    public const double FastestTurn = 3_000;

    /// <summary>How fast it can speed up, steps a second squared.</summary>
    public const double FastestSpeedUp = 60_000;

    /// <summary>How fast a weight that nothing holds turns the gears at most, steps a second.</summary>
    public const double FastestFall = 1_500;

    /// <summary>The six joints of an SO-101, folded together as it lies on the table.</summary>
    public static IReadOnlyList<SimulatedJoint> So101() =>
        [
            new("shoulder_pan", 750, 3_350, null, 0, 2_048),
            new("shoulder_lift", 800, 3_200, LiesAt: 830, Weight: 0.30, 830),
            new("elbow_flex", 850, 3_080, LiesAt: 3_050, Weight: 0.22, 3_050),
            new("wrist_flex", 860, 3_150, LiesAt: 2_900, Weight: 0.08, 2_900),
            new("wrist_roll", 0, 4_095, null, 0, 2_048),
            new("gripper", 2_030, 3_500, null, 0, 2_040),
        ];

    /// <summary>Those of a Koch v1.1, taken to be like them; its shoulder_pan turns all round.</summary>
    public static IReadOnlyList<SimulatedJoint> Koch() =>
        [
            .. So101()
                .Select(joint => joint.Name == "shoulder_pan" ? joint with { FirstStop = 0, LastStop = 4_095 } : joint),
        ];
}
