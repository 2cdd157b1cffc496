namespace Vla.Sensors.Simulation;

/// <summary>A flat square tray that stays where it is; its sides are along x and y.</summary>
public sealed record Tray(WorldColour Colour, double X, double Y)
{
    /// <summary>Length of a side, metres.</summary>
    public const double Size = 0.10;

    /// <summary>Half the length of its edges, metres.</summary>
    public const double Half = Size / 2;

    /// <summary>How high a block on it stands, metres.</summary>
    public const double Height = 0.006;
}
