namespace Vla.Sensors.Simulation.Physics;

/// <summary>A rectangle seen from above, turned, with its lower and upper end: the shape of everything here.</summary>
internal readonly struct Footprint
{
    /// <summary>Less than this is touching, not overlapping, metres.</summary>
    public const double Touching = 1e-7;

    public Footprint(double x, double y, double yaw, double halfLength, double halfWidth, double bottom, double top)
    {
        (X, Y, HalfLength, HalfWidth, Bottom, Top) = (x, y, halfLength, halfWidth, bottom, top);
        (Sin, Cos) = Math.SinCos(yaw);
    }

    public double X { get; }

    public double Y { get; }

    public double Cos { get; }

    public double Sin { get; }

    public double HalfLength { get; }

    public double HalfWidth { get; }

    public double Bottom { get; }

    public double Top { get; }

    public static Footprint Of(in Block block) =>
        new(block.X, block.Y, block.Yaw, Block.Half, Block.Half, block.Bottom, block.Top);

    public static Footprint Of(Tray tray) => new(tray.X, tray.Y, 0, Tray.Half, Tray.Half, 0, Tray.Height);

    /// <summary>True when they share space.</summary>
    public bool Overlaps(in Footprint other, out double depth, out double normalX, out double normalY)
    {
        (depth, normalX, normalY) = (0, 0, 0);
        return Bottom < other.Top - Touching
            && other.Bottom < Top - Touching
            && Covers(other, out depth, out normalX, out normalY);
    }

    /// <summary>True when one is above the other at least in part, whatever their heights.</summary>
    public bool Covers(in Footprint other) => Covers(other, out _, out _, out _);

    /// <summary>
    /// Separating axes: the shortest way (normal × depth) that moves <paramref name="other"/> away from this.
    /// </summary>
    public bool Covers(in Footprint other, out double depth, out double normalX, out double normalY)
    {
        (depth, normalX, normalY) = (double.PositiveInfinity, 0, 0);
        double dx = other.X - X,
            dy = other.Y - Y;
        var reach = HalfLength + HalfWidth + other.HalfLength + other.HalfWidth;
        return dx * dx + dy * dy < reach * reach
            && Narrows(other, Cos, Sin, dx, dy, ref depth, ref normalX, ref normalY)
            && Narrows(other, -Sin, Cos, dx, dy, ref depth, ref normalX, ref normalY)
            && Narrows(other, other.Cos, other.Sin, dx, dy, ref depth, ref normalX, ref normalY)
            && Narrows(other, -other.Sin, other.Cos, dx, dy, ref depth, ref normalX, ref normalY);
    }

    /// <summary>True when the point is within the rectangle.</summary>
    public bool Holds(double x, double y)
    {
        double dx = x - X,
            dy = y - Y;
        return Math.Abs(dx * Cos + dy * Sin) <= HalfLength && Math.Abs(dy * Cos - dx * Sin) <= HalfWidth;
    }

    /// <summary>Half the length of its shadow on an axis.</summary>
    public double Extent(double axisX, double axisY) =>
        HalfLength * Math.Abs(Cos * axisX + Sin * axisY) + HalfWidth * Math.Abs(Cos * axisY - Sin * axisX);

    private bool Narrows(
        in Footprint other,
        double axisX,
        double axisY,
        double dx,
        double dy,
        ref double depth,
        ref double normalX,
        ref double normalY
    )
    {
        var distance = dx * axisX + dy * axisY;
        var overlap = Extent(axisX, axisY) + other.Extent(axisX, axisY) - Math.Abs(distance);
        if (overlap <= Touching)
            return false;
        if (overlap >= depth)
            return true;
        var sign = distance < 0 ? -1 : 1;
        (depth, normalX, normalY) = (overlap, sign * axisX, sign * axisY);
        return true;
    }
}
