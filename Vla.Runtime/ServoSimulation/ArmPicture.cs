using OpenCvSharp;

namespace Vla.Runtime.ServoSimulation;

/// <summary>A plain drawing of a simulated arm, from above: its base, its hand, and the dot it is to be at.</summary>
/// <remarks>shoulder_pan turns it, shoulder_lift makes it reach further: a place in the picture is a pose.</remarks>
internal static class ArmPicture
{
    public const int Width = 128;
    public const int Height = 96;

    private const double Turn = 4_096;
    private const double Middle = 2_048;
    private const double ShortestReach = 22;
    private const double StepsOfReach = 1_900;
    private const double FromLift = 1_000;
    private const double WayOfReach = 62;

    private const double NoiseMean = 4;
    private const double NoiseSpread = 2;

    private static readonly Point Base = new(Width / 2, Height - 6);
    private static readonly Scalar Table = new(196, 205, 210);
    private static readonly Scalar Arm = new(140, 90, 40);
    private static readonly Scalar Hand = new(30, 30, 30);
    private static readonly Scalar Dot = new(40, 40, 220);
    private static readonly Scalar Done = new(60, 170, 60);

    /// <summary>Draws it.</summary>
    /// <param name="view">What there is to be seen.</param>
    /// <param name="into">Made <see cref="Width"/> by <see cref="Height"/>, BGR.</param>
    public static void Draw(in ReachingView view, Mat into)
    {
        into.Create(Height, Width, MatType.CV_8UC3);
        into.SetTo(Table);
        var hand = PlaceOf(view.Pan, view.Lift);
        Cv2.Circle(into, PlaceOf(view.DotPan, view.DotLift), 6, Dot, Cv2.FILLED, LineTypes.AntiAlias);
        Cv2.Line(into, Base, hand, Arm, 5, LineTypes.AntiAlias);
        Cv2.Circle(into, Base, 8, Arm, Cv2.FILLED, LineTypes.AntiAlias);
        Cv2.Circle(into, hand, 4, view.IsReached ? Done : Hand, Cv2.FILLED, LineTypes.AntiAlias);
        // As every sensor has it: a picture that is the same as the one before to the bit is a frozen camera's.
        using var noise = new Mat(into.Size(), into.Type());
        Cv2.Randn(noise, Scalar.All(NoiseMean), Scalar.All(NoiseSpread));
        Cv2.Add(into, noise, into);
    }

    /// <summary>Where a pose is in the picture.</summary>
    public static Point PlaceOf(double pan, double lift)
    {
        var angle = (pan - Middle) / Turn * 2 * Math.PI;
        var reach = ShortestReach + (lift - FromLift) / StepsOfReach * WayOfReach;
        return new Point(Base.X + reach * Math.Sin(angle), Base.Y - reach * Math.Cos(angle));
    }
}
