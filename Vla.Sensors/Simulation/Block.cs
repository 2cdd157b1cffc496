namespace Vla.Sensors.Simulation;

/// <summary>A cube on the table.</summary>
public struct Block
{
    /// <summary>Length of an edge, metres.</summary>
    public const double Size = 0.04;

    public const double Half = Size / 2;

    public required WorldColour Colour { get; init; }

    public double X { get; internal set; }

    public double Y { get; internal set; }

    /// <summary>Height of its centre; 0.02 on the table.</summary>
    public double Z { get; internal set; }

    /// <summary>Radians, counter-clockwise seen from above; a cube looks the same after a quarter turn.</summary>
    public double Yaw { get; internal set; }

    internal double FallSpeed { get; set; }

    public readonly double Bottom => Z - Half;

    public readonly double Top => Z + Half;
}
