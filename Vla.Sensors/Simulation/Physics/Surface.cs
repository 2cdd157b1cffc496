namespace Vla.Sensors.Simulation.Physics;

/// <summary>The table's top, which nothing leaves.</summary>
internal static class Surface
{
    /// <summary>True when all of it is over the table and nothing of it below.</summary>
    public static bool Carries(in Footprint body)
    {
        double reachX = body.Extent(1, 0),
            reachY = body.Extent(0, 1);
        return body.Bottom >= -Footprint.Touching
            && Math.Abs(body.X) + reachX <= Tabletop.TableHalfWidth
            && body.Y - reachY >= Tabletop.TableNear
            && body.Y + reachY <= Tabletop.TableFar;
    }
}
