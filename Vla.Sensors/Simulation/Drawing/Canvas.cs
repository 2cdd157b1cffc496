using OpenCvSharp;

namespace Vla.Sensors.Simulation.Drawing;

/// <summary>Draws the world's flat shapes, boxes and rods into a picture, lit and seen as an episode has it.</summary>
internal sealed class Canvas
{
    /// <summary>OpenCV's fixed-point bits: corners are placed to 1/16 pixel.</summary>
    private const int Shift = 4;
    private const double Fraction = 1 << Shift;

    /// <summary>Keeps corners far outside the picture within OpenCV's integers.</summary>
    private const double Farthest = 30_000;

    /// <summary>What is nearer to the lens, or behind it, is cut off, metres.</summary>
    private const double Nearest = 0.004;

    /// <summary>The same for what is round: its size in the picture grows without bounds.</summary>
    private const double NearestRound = 0.05;

    private readonly SceneLook _look;

    public Canvas(Mat picture, SceneLook look, Viewpoint camera)
    {
        (Picture, _look, Camera, Height) = (picture, look, camera, picture.Height);
        Width = picture.Width;
    }

    /// <summary>From where it is seen.</summary>
    public Viewpoint Camera { get; set; }

    public Mat Picture { get; }

    public int Width { get; }

    public int Height { get; }

    /// <summary>The colour that the camera sees of a surface.</summary>
    /// <param name="pigment">The surface.</param>
    /// <param name="light">0 in the dark, 1 in full light.</param>
    public Scalar Exposed(Pigment pigment, double light) =>
        new(
            Math.Min(255, pigment.Blue * light * _look.Gain.Blue),
            Math.Min(255, pigment.Green * light * _look.Gain.Green),
            Math.Min(255, pigment.Red * light * _look.Gain.Red)
        );

    /// <summary>How much light falls on a surface.</summary>
    public double Light(WorldPoint normal) =>
        _look.Ambient + (1 - _look.Ambient) * Math.Max(0, normal.Dot(_look.Light)) / _look.Light.Z;

    /// <summary>Fills a convex polygon.</summary>
    public void Fill(scoped ReadOnlySpan<WorldPoint> corners, Scalar colour)
    {
        Span<WorldPoint> whole = stackalloc WorldPoint[2 * corners.Length];
        if (IsCut(corners))
            corners = whole[..Cut(corners, whole)];
        if (corners.Length < 3)
            return;
        var points = new Point[corners.Length];
        for (var i = 0; i < points.Length; i++)
            points[i] = OnGrid(Seen(corners[i]));
        Cv2.FillConvexPoly(Picture, points, colour, LineTypes.AntiAlias, Shift);
    }

    /// <summary>Fills a convex polygon on the table, its corners given as offsets from a turned centre.</summary>
    public void FillFlat(double x, double y, double z, double yaw, double halfLength, double halfWidth, Scalar colour)
    {
        Span<WorldPoint> corners = stackalloc WorldPoint[4];
        Rectangle(x, y, z, yaw, halfLength, halfWidth, corners);
        Fill(corners, colour);
    }

    /// <summary>A box that stands upright, turned about z.</summary>
    /// <param name="bottomCentre">The middle of its lower side.</param>
    /// <param name="yaw">Radians.</param>
    /// <param name="halfLength">Along its own first axis, metres.</param>
    /// <param name="halfWidth">Along its own second axis, metres.</param>
    /// <param name="height">Metres.</param>
    /// <param name="pigment">Of all its sides.</param>
    public void Box(
        WorldPoint bottomCentre,
        double yaw,
        double halfLength,
        double halfWidth,
        double height,
        Pigment pigment
    )
    {
        Span<WorldPoint> corners = stackalloc WorldPoint[8];
        Rectangle(bottomCentre.X, bottomCentre.Y, bottomCentre.Z, yaw, halfLength, halfWidth, corners[..4]);
        Rectangle(bottomCentre.X, bottomCentre.Y, bottomCentre.Z + height, yaw, halfLength, halfWidth, corners[4..]);

        // The outline first, in the colour of the sides: the soft edges of two sides that meet would let the table
        // through.
        if (!IsCut(corners))
        {
            Span<Point2d> seen = stackalloc Point2d[8];
            for (var i = 0; i < 8; i++)
                seen[i] = Seen(corners[i]);
            FillHull(seen, Exposed(pigment, 0.9 * _look.Ambient));
        }

        Span<WorldPoint> side = stackalloc WorldPoint[4];
        for (var i = 0; i < 4; i++)
        {
            var next = (i + 1) % 4;
            var normal = (corners[next] - corners[i]).Cross(new WorldPoint(0, 0, 1)).Normalised();
            if (normal.Dot(Camera.Position - corners[i]) <= 0)
                continue;
            (side[0], side[1], side[2], side[3]) = (corners[i], corners[next], corners[next + 4], corners[i + 4]);
            Fill(side, Exposed(pigment, Light(normal)));
        }

        if (Camera.Position.Z > corners[4].Z)
            Fill(corners[4..], Exposed(pigment, Light(new WorldPoint(0, 0, 1))));
    }

    /// <summary>A round rod, shaded along its length.</summary>
    public void Rod(WorldPoint from, double fromRadius, WorldPoint to, double toRadius, Pigment pigment)
    {
        if (Camera.Depth(from) < NearestRound)
            (from, to, fromRadius, toRadius) = (to, from, toRadius, fromRadius);
        if (Camera.Depth(from) < NearestRound)
            return;
        if (Camera.Depth(to) < NearestRound)
            to = Between(from, to, NearestRound);
        Capsule(from, fromRadius, to, toRadius, 0, 1, Exposed(pigment, 0.62));
        Capsule(from, fromRadius, to, toRadius, -0.16, 0.74, Exposed(pigment, 0.85));
        Capsule(from, fromRadius, to, toRadius, -0.34, 0.34, Exposed(pigment, 1.0));
    }

    /// <summary>A ball.</summary>
    public void Ball(WorldPoint centre, double radius, Pigment pigment)
    {
        if (Camera.Depth(centre) < NearestRound)
            return;
        Disc(centre, radius, 0, Exposed(pigment, 0.62));
        Disc(centre, 0.76 * radius, -0.16 * radius, Exposed(pigment, 0.85));
        Disc(centre, 0.36 * radius, -0.36 * radius, Exposed(pigment, 1.05));
    }

    /// <summary>A turned rectangle's corners, counter-clockwise from above.</summary>
    public static void Rectangle(
        double x,
        double y,
        double z,
        double yaw,
        double halfLength,
        double halfWidth,
        Span<WorldPoint> corners
    )
    {
        var (sin, cos) = Math.SinCos(yaw);
        for (var i = 0; i < 4; i++)
        {
            var u = i is 0 or 3 ? -halfLength : halfLength;
            var v = i < 2 ? -halfWidth : halfWidth;
            corners[i] = new WorldPoint(x + u * cos - v * sin, y + u * sin + v * cos, z);
        }
    }

    /// <summary>Fills the convex hull of points of the picture.</summary>
    public void FillHull(Span<Point2d> points, Scalar colour)
    {
        Span<Point2d> hull = stackalloc Point2d[2 * points.Length];
        var corners = ConvexHull.Of(points, hull);
        var fixedPoint = new Point[corners];
        for (var i = 0; i < corners; i++)
            fixedPoint[i] = OnGrid(hull[i]);
        Cv2.FillConvexPoly(Picture, fixedPoint, colour, LineTypes.AntiAlias, Shift);
    }

    /// <summary>Whether some of these points are behind the lens, or too near to it.</summary>
    public bool IsCut(ReadOnlySpan<WorldPoint> points)
    {
        foreach (var point in points)
        {
            if (Camera.Depth(point) < Nearest)
                return true;
        }

        return false;
    }

    /// <summary>Where a point is in the picture; pixel i reaches from i to i + 1.</summary>
    public Point2d Seen(WorldPoint point)
    {
        var (x, y) = Camera.Project(point, Width, Height);
        return new Point2d(x, y);
    }

    /// <summary>What of a convex polygon is before the lens.</summary>
    private int Cut(ReadOnlySpan<WorldPoint> corners, Span<WorldPoint> kept)
    {
        var count = 0;
        for (var i = 0; i < corners.Length; i++)
        {
            WorldPoint corner = corners[i],
                next = corners[(i + 1) % corners.Length];
            var (isSeen, nextIsSeen) = (Camera.Depth(corner) >= Nearest, Camera.Depth(next) >= Nearest);
            if (isSeen)
                kept[count++] = corner;
            if (isSeen != nextIsSeen)
                kept[count++] = isSeen ? Between(corner, next, Nearest) : Between(next, corner, Nearest);
        }

        return count;
    }

    /// <summary>The point on the way from one that is further away than a depth to one that is nearer.</summary>
    private WorldPoint Between(WorldPoint far, WorldPoint near, double depth)
    {
        double from = Camera.Depth(far),
            to = Camera.Depth(near);
        return far + (from - depth) / (from - to) * (near - far);
    }

    private void Capsule(
        WorldPoint from,
        double fromRadius,
        WorldPoint to,
        double toRadius,
        double aside,
        double share,
        Scalar colour
    )
    {
        const int CornersAnEnd = 12;
        Point2d a = Seen(from),
            b = Seen(to);
        var ra = fromRadius * Camera.PixelsPerMetre(from, Height);
        var rb = toRadius * Camera.PixelsPerMetre(to, Height);
        Span<Point2d> outline = stackalloc Point2d[2 * CornersAnEnd];
        for (var i = 0; i < CornersAnEnd; i++)
        {
            var (sin, cos) = Math.SinCos(2 * Math.PI * i / CornersAnEnd);
            // The bright side is the one towards the picture's upper left, whichever way the rod lies.
            outline[i] = new Point2d(a.X + ra * (share * cos + aside), a.Y + ra * (share * sin + aside / 2));
            outline[CornersAnEnd + i] = new Point2d(
                b.X + rb * (share * cos + aside),
                b.Y + rb * (share * sin + aside / 2)
            );
        }

        FillHull(outline, colour);
    }

    private void Disc(WorldPoint centre, double radius, double aside, Scalar colour)
    {
        var scale = Camera.PixelsPerMetre(centre, Height);
        var at = Seen(centre);
        var middle = OnGrid(new Point2d(at.X + aside * scale, at.Y + aside * scale));
        Cv2.Circle(Picture, middle, (int)Math.Round(radius * scale * Fraction), colour, -1, LineTypes.AntiAlias, Shift);
    }

    /// <summary>OpenCV counts from the middle of the first pixel, in fractions of a pixel.</summary>
    private static Point OnGrid(Point2d at) =>
        new(
            (int)Math.Round(Math.Clamp(at.X - 0.5, -Farthest, Farthest) * Fraction),
            (int)Math.Round(Math.Clamp(at.Y - 0.5, -Farthest, Farthest) * Fraction)
        );
}
