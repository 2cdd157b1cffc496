namespace Vla.Sensors.Simulation.Drawing;

/// <summary>Draws the arm: base, upper arm and elbow behind everything, forearm and wrist before it.</summary>
internal static class ArmDrawing
{
    private const double UpperRadius = 0.026;
    private const double ElbowRadius = 0.029;
    private const double ForearmRadius = 0.018;
    private const double WristRadius = 0.016;

    private static readonly Pigment Joint = new(58, 62, 70);
    private static readonly Pigment Base = new(88, 92, 100);
    private static readonly Pigment Finger = new(72, 76, 84);
    private static readonly Pigment Palm = new(108, 113, 122);

    /// <summary>What is behind the blocks.</summary>
    public static void Behind(Canvas canvas, in ArmPose arm, SceneLook look)
    {
        var foot = new WorldPoint(ArmPose.BaseX, ArmPose.BaseY, 0);
        canvas.Box(foot, 0, 0.055, 0.05, 0.025, Base);
        canvas.Rod(foot + new WorldPoint(0, 0, 0.03), 0.042, arm.Shoulder, 0.038, look.Arm);
        canvas.Rod(arm.Shoulder, UpperRadius, arm.Elbow, UpperRadius, look.Arm);
        canvas.Ball(arm.Shoulder, 0.036, Joint);
    }

    /// <summary>What is before the blocks.</summary>
    public static void Before(Canvas canvas, in ArmPose arm, in Gripper hand, SceneLook look)
    {
        var palmTop = new WorldPoint(hand.X, hand.Y, hand.Z + Gripper.PalmTop);
        canvas.Rod(palmTop, 0.016, arm.Wrist, 0.015, Joint);
        canvas.Rod(arm.Elbow, ForearmRadius, arm.Wrist, WristRadius, look.Arm);
        canvas.Ball(arm.Elbow, ElbowRadius, Joint);
        canvas.Ball(arm.Wrist, 0.020, Joint);
    }

    /// <summary>One of the hand's three boxes: finger, finger, palm.</summary>
    public static void HandPart(Canvas canvas, in Physics.Footprint part, double yaw, bool isPalm) =>
        canvas.Box(
            new WorldPoint(part.X, part.Y, part.Bottom),
            yaw,
            part.HalfLength,
            part.HalfWidth,
            part.Top - part.Bottom,
            isPalm ? Palm : Finger
        );
}
