namespace Vla.Sensors.Simulation;

/// <summary>Where the arm's hand is and what it holds.</summary>
/// <remarks>
/// The place is the point between the fingers, <see cref="TipBelow"/> above their tips. The jaw opens along the hand's
/// own u axis (x at yaw 0); v is the other horizontal one.
/// </remarks>
public struct Gripper
{
    /// <summary>Distance between the fingers when open, metres.</summary>
    public const double JawOpen = 0.08;

    /// <summary>How fast the jaw opens and closes, metres a second.</summary>
    public const double JawSpeed = 0.2;

    /// <summary>How long the hand takes to follow 63 % of a change of speed, seconds.</summary>
    public const double LagSeconds = 0.03;

    /// <summary>The least <see cref="X"/>, metres.</summary>
    public const double MinimumX = -0.27;

    /// <summary>The largest <see cref="X"/>, metres.</summary>
    public const double MaximumX = 0.27;

    /// <summary>The least <see cref="Y"/>, metres.</summary>
    public const double MinimumY = -0.22;

    /// <summary>The largest <see cref="Y"/>, metres.</summary>
    public const double MaximumY = 0.22;

    /// <summary>The least <see cref="Z"/>, metres.</summary>
    public const double MinimumZ = 0.015;

    /// <summary>The largest <see cref="Z"/>, metres.</summary>
    public const double MaximumZ = 0.22;

    /// <summary>How far it turns to either side, radians.</summary>
    public const double MaximumYaw = 1.2;

    internal const double TipBelow = 0.005;
    internal const double FingerThickness = 0.008;
    internal const double FingerHalfWidth = 0.01;
    internal const double PalmBottom = 0.05;
    internal const double PalmTop = 0.075;
    internal const double PalmHalfLength = 0.05;
    internal const double PalmHalfWidth = 0.014;

    /// <summary>Metres from the middle of the table to the right.</summary>
    public double X { get; internal set; }

    /// <summary>Metres from the middle of the table away from the camera.</summary>
    public double Y { get; internal set; }

    /// <summary>Metres over the table.</summary>
    public double Z { get; internal set; }

    /// <summary>How far it is turned about the upright, radians.</summary>
    public double Yaw { get; internal set; }

    /// <summary>Distance between the fingers, metres.</summary>
    public double Jaw { get; internal set; }

    /// <summary>Along <see cref="X"/>, m/s.</summary>
    public double SpeedX { get; internal set; }

    /// <summary>Along <see cref="Y"/>, m/s.</summary>
    public double SpeedY { get; internal set; }

    /// <summary>Along <see cref="Z"/>, m/s.</summary>
    public double SpeedZ { get; internal set; }

    /// <summary>About the upright, rad/s.</summary>
    public double SpeedYaw { get; internal set; }

    /// <summary>Index of the block in the hand; −1 for none.</summary>
    public int Held { get; internal set; }

    /// <summary>Where the held block is in the hand's own axes.</summary>
    internal double HeldU { get; set; }

    internal double HeldV { get; set; }

    internal double HeldZ { get; set; }

    internal double HeldYaw { get; set; }

    /// <summary>Whether a block is between its jaws.</summary>
    public readonly bool Holds => Held >= 0;
}
