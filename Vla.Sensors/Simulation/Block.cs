namespace Vla.Sensors.Simulation;

/// <summary>A cube on the table.</summary>
public struct Block
{
    /// <summary>Length of an edge, metres.</summary>
    public const double Size = 0.04;

    /// <summary>Half the length of its edges, metres.</summary>
    public const double Half = Size / 2;

    /// <summary>Its colour.</summary>
    public required WorldColour Colour { get; init; }

    /// <summary>Its middle, metres from the middle of the table to the right.</summary>
    public double X { get; internal set; }

    /// <summary>Its middle, metres from the middle of the table away from the camera.</summary>
    public double Y { get; internal set; }

    /// <summary>Height of its centre; 0.02 on the table.</summary>
    public double Z { get; internal set; }

    /// <summary>Radians, counter-clockwise seen from above; a cube looks the same after a quarter turn.</summary>
    public double Yaw { get; internal set; }

    internal double FallSpeed { get; set; }

    /// <summary>The height of its lower face, metres over the table.</summary>
    public readonly double Bottom => Z - Half;

    /// <summary>The height of its upper face, metres over the table.</summary>
    public readonly double Top => Z + Half;
}
