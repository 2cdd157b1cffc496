namespace Vla.Sensors.Simulation.Drawing;

/// <summary>The joints of the arm that carries the hand: it stands behind the table and reaches over it.</summary>
/// <remarks>Inverse kinematics of two equal links; the elbow is up and a little
/// towards the side that the hand is on, so that the forearm hides as little of the table as it can.</remarks>
internal readonly struct ArmPose
{
    public const double BaseX = 0;
    public const double BaseY = 0.37;
    public const double ShoulderHeight = 0.115;
    public const double WristHeight = 0.055;
    private const double LinkLength = 0.345;

    /// <summary>How far the elbow leans over when the hand is a metre to that side, radians.</summary>
    private const double ElbowLean = 5.0;

    public ArmPose(in Gripper hand)
    {
        Shoulder = new WorldPoint(BaseX, BaseY, ShoulderHeight);
        Wrist = new WorldPoint(hand.X, hand.Y, hand.Z + Gripper.PalmTop + WristHeight);
        var way = Wrist - Shoulder;
        var along = way.Normalised();
        var up = (new WorldPoint(0, 0, 1) - along.Z * along).Normalised();
        var aside = up.Cross(along);
        var rise = Math.Sqrt(Math.Max(LinkLength * LinkLength - way.Dot(way) / 4, 1e-4));
        var (sin, cos) = Math.SinCos(ElbowLean * hand.X);
        Elbow = Shoulder + 0.5 * way + rise * (cos * up + sin * aside);
    }

    public WorldPoint Shoulder { get; }

    public WorldPoint Elbow { get; }

    public WorldPoint Wrist { get; }
}
