namespace Vla.Sensors.Simulation.Drawing;

/// <summary>A point in the world, metres.</summary>
public readonly record struct WorldPoint(double X, double Y, double Z)
{
    /// <summary>The sum.</summary>
    public static WorldPoint operator +(WorldPoint a, WorldPoint b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);

    /// <summary>The difference.</summary>
    public static WorldPoint operator -(WorldPoint a, WorldPoint b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);

    /// <summary>So many times as long.</summary>
    public static WorldPoint operator *(double factor, WorldPoint a) => new(factor * a.X, factor * a.Y, factor * a.Z);

    /// <summary>The scalar product.</summary>
    public double Dot(WorldPoint other) => X * other.X + Y * other.Y + Z * other.Z;

    /// <summary>The vector product.</summary>
    public WorldPoint Cross(WorldPoint other) =>
        new(Y * other.Z - Z * other.Y, Z * other.X - X * other.Z, X * other.Y - Y * other.X);

    /// <summary>How long it is, metres.</summary>
    public double Length => Math.Sqrt(Dot(this));

    /// <summary>The same direction, of length 1.</summary>
    public WorldPoint Normalised() => 1 / Length * this;
}

/// <summary>Where the camera stands and looks: a pinhole without distortion, square pixels.</summary>
/// <remarks>
/// The vertical field of view is given, so a wider picture shows more at the sides and the same from top to bottom; the
/// middle square of a 640×480 picture is the picture at 480×480.
/// </remarks>
public sealed class Viewpoint
{
    private readonly WorldPoint _right;
    private readonly WorldPoint _down;
    private readonly double _focal;

    /// <param name="position">Where the lens is.</param>
    /// <param name="target">What is in the middle of the picture.</param>
    /// <param name="verticalField">Vertical field of view, radians.</param>
    /// <param name="roll">Turn about the line of sight, radians.</param>
    public Viewpoint(WorldPoint position, WorldPoint target, double verticalField, double roll)
    {
        Position = position;
        Forward = (target - position).Normalised();
        var level = Forward.Cross(new WorldPoint(0, 0, 1)).Normalised();
        var (sin, cos) = Math.SinCos(roll);
        var down = Forward.Cross(level);
        _right = cos * level + sin * down;
        _down = cos * down - sin * level;
        _focal = 0.5 / Math.Tan(verticalField / 2);
    }

    /// <summary>Where the camera is, metres.</summary>
    public WorldPoint Position { get; }

    /// <summary>Where it looks, of length 1.</summary>
    public WorldPoint Forward { get; }

    /// <summary>Distance along the line of sight, metres: what is larger is further away.</summary>
    public double Depth(WorldPoint point) => (point - Position).Dot(Forward);

    /// <summary>Where a point of the world is in a picture.</summary>
    /// <param name="point">In front of the camera.</param>
    /// <param name="width">Picture width in pixels.</param>
    /// <param name="height">Picture height in pixels.</param>
    /// <returns>
    /// Pixels from the left and from the top; pixel i reaches from i to i + 1. May be outside the picture. Divide by
    /// width and height for shares of the picture, which stay the same when it is resized.
    /// </returns>
    public (double X, double Y) Project(WorldPoint point, double width, double height)
    {
        var seen = point - Position;
        var scale = _focal * height / seen.Dot(Forward);
        return (width / 2 + scale * seen.Dot(_right), height / 2 + scale * seen.Dot(_down));
    }

    /// <summary>
    /// Where a point of the table is in a picture: (x, y, 1) times this is its pixel, times a factor.
    /// </summary>
    internal double[,] OfTable(double width, double height)
    {
        var scale = _focal * height;
        WorldPoint[] rows = [width / 2 * Forward + scale * _right, height / 2 * Forward + scale * _down, Forward];
        var matrix = new double[3, 3];
        for (var i = 0; i < 3; i++)
            (matrix[i, 0], matrix[i, 1], matrix[i, 2]) = (rows[i].X, rows[i].Y, -rows[i].Dot(Position));
        return matrix;
    }

    /// <summary>How many pixels a metre across the line of sight is, at a point.</summary>
    public double PixelsPerMetre(WorldPoint point, double height) => _focal * height / Depth(point);
}
