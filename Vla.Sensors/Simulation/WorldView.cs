namespace Vla.Sensors.Simulation;

/// <summary>The cameras of the simulated tabletop.</summary>
public enum WorldView
{
    /// <summary>Before the table, above it: sees the whole table and the arm.</summary>
    Front,

    /// <summary>At the wrist: moves and turns with the hand, looks down along the fingers.</summary>
    Wrist,
}
