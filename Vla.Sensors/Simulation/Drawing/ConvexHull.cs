using OpenCvSharp;

namespace Vla.Sensors.Simulation.Drawing;

/// <summary>The outline of a few points, without allocating.</summary>
internal static class ConvexHull
{
    /// <summary>Andrew's monotone chain.</summary>
    /// <param name="points">Are sorted by it.</param>
    /// <param name="hull">Receives the corners in order; room for twice as many as there are points.</param>
    /// <returns>How many corners.</returns>
    public static int Of(Span<Point2d> points, Span<Point2d> hull)
    {
        points.Sort(static (a, b) => a.X != b.X ? a.X.CompareTo(b.X) : a.Y.CompareTo(b.Y));
        var count = 0;
        foreach (var point in points)
            Add(point, hull, ref count, 2);
        var lower = count + 1;
        for (var i = points.Length - 2; i >= 0; i--)
            Add(points[i], hull, ref count, lower);
        return Math.Max(1, count - 1);
    }

    private static void Add(Point2d point, Span<Point2d> hull, ref int count, int least)
    {
        while (count >= least && Turn(hull[count - 2], hull[count - 1], point) <= 0)
            count--;
        hull[count++] = point;
    }

    private static double Turn(Point2d a, Point2d b, Point2d c) =>
        (b.X - a.X) * (c.Y - a.Y) - (b.Y - a.Y) * (c.X - a.X);
}
