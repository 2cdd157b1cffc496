using OpenCvSharp;

namespace Vla.Sensors.Simulation.Drawing;

/// <summary>Darkens the table where blocks and arm keep the light away.</summary>
/// <remarks>
/// All shadows are collected on a white sheet, so that two that overlap are no darker than one, softened, and
/// multiplied into the picture; only the part of the picture that they touch is worked on.
/// </remarks>
internal sealed class Shadows : IDisposable
{
    /// <summary>Half the width of a shadow's soft edge, as a share of the picture's height.</summary>
    private const double Softness = 1.0 / 160;

    private readonly Mat _sheet;
    private readonly Canvas _canvas;
    private readonly SceneLook _look;
    private readonly Scalar _shade;
    private Rect _touched;

    public Shadows(SceneLook look, Size size)
    {
        _look = look;
        _sheet = new Mat(size, MatType.CV_8UC3, Scalar.White);
        _canvas = new Canvas(_sheet, look, look.Camera);
        var light = 255 * (0.35 + 0.45 * look.Ambient);
        // What light is left comes from all sides, a little bluer than the lamp's.
        _shade = new Scalar(light * 1.05, light, light * 0.97);
    }

    /// <summary>From where the table is seen from now on.</summary>
    public void LookFrom(Viewpoint camera) => _canvas.Camera = camera;

    public void OfBox(double x, double y, double yaw, double halfLength, double halfWidth, double bottom, double top)
    {
        Span<WorldPoint> corners = stackalloc WorldPoint[8];
        Canvas.Rectangle(x, y, bottom, yaw, halfLength, halfWidth, corners[..4]);
        Canvas.Rectangle(x, y, top, yaw, halfLength, halfWidth, corners[4..]);
        foreach (ref var corner in corners)
            corner = OnTable(corner);
        Fill(corners);
    }

    public void OfRod(WorldPoint from, WorldPoint to, double radius)
    {
        Span<WorldPoint> corners = stackalloc WorldPoint[8];
        for (var i = 0; i < 8; i++)
        {
            var end = OnTable(i < 4 ? from : to);
            corners[i] = end + new WorldPoint(i % 2 == 0 ? radius : -radius, i % 4 < 2 ? radius : -radius, 0);
        }

        Fill(corners);
    }

    /// <summary>Puts the shadows into the picture and begins anew.</summary>
    public void CastOn(Mat picture)
    {
        if (_touched.Width <= 0 || _touched.Height <= 0)
            return;
        var softness = Math.Max(1, (int)(picture.Height * Softness)) * 2 + 1;
        _touched.Inflate(softness, softness);
        var area = _touched & new Rect(0, 0, picture.Width, picture.Height);
        _touched = default;
        if (area.Width <= 0 || area.Height <= 0)
            return;

        KeepToTable();
        using var sheet = new Mat(_sheet, area);
        using var target = new Mat(picture, area);
        Cv2.Blur(sheet, sheet, new Size(softness, softness));
        Cv2.Multiply(target, sheet, target, 1.0 / 255);
        sheet.SetTo(Scalar.White);
    }

    public void Dispose() => _sheet.Dispose();

    /// <param name="onTable">Eight points whose hull the shadow is.</param>
    private void Fill(ReadOnlySpan<WorldPoint> onTable)
    {
        if (_canvas.IsCut(onTable))
        {
            FillCut(onTable);
            return;
        }

        Span<Point2d> seen = stackalloc Point2d[8];
        for (var i = 0; i < 8; i++)
            seen[i] = _canvas.Seen(onTable[i]);
        double left = seen[0].X,
            right = left,
            top = seen[0].Y,
            bottom = top;
        foreach (var point in seen)
        {
            (left, right) = (Math.Min(left, point.X), Math.Max(right, point.X));
            (top, bottom) = (Math.Min(top, point.Y), Math.Max(bottom, point.Y));
        }

        var picture = new Rect(0, 0, _canvas.Width, _canvas.Height);
        var box = Rect.FromLTRB(
            (int)Math.Clamp(left - 2, 0, picture.Width),
            (int)Math.Clamp(top - 2, 0, picture.Height),
            (int)Math.Clamp(right + 2, 0, picture.Width),
            (int)Math.Clamp(bottom + 2, 0, picture.Height)
        );
        if (box.Width <= 0 || box.Height <= 0)
            return;
        _touched = _touched.Width <= 0 ? box : _touched | box;
        _canvas.FillHull(seen, _shade);
    }

    /// <summary>A shadow that reaches behind the lens: its hull is taken on the table, and cut there.</summary>
    private void FillCut(ReadOnlySpan<WorldPoint> onTable)
    {
        Span<Point2d> flat = stackalloc Point2d[8];
        for (var i = 0; i < 8; i++)
            flat[i] = new Point2d(onTable[i].X, onTable[i].Y);
        Span<Point2d> hull = stackalloc Point2d[16];
        Span<WorldPoint> corners = stackalloc WorldPoint[16];
        var count = ConvexHull.Of(flat, hull);
        for (var i = 0; i < count; i++)
            corners[i] = new WorldPoint(hull[i].X, hull[i].Y, 0);
        _canvas.Fill(corners[..count], _shade);
        _touched = new Rect(0, 0, _canvas.Width, _canvas.Height);
    }

    /// <summary>What fell beside the table is lost in the depth of the room.</summary>
    private void KeepToTable()
    {
        const double Aside = Tabletop.TableHalfWidth,
            Far = 3;
        const double Near = Backdrop.TableNear,
            End = Backdrop.TableEnd;
        Span<WorldPoint> beside =
        [
            new(-Aside, Near, 0),
            new(-Far, Near, 0),
            new(-Far, End, 0),
            new(-Aside, End, 0),
            new(Aside, Near, 0),
            new(Far, Near, 0),
            new(Far, End, 0),
            new(Aside, End, 0),
            new(-Far, End, 0),
            new(Far, End, 0),
            new(Far, Far, 0),
            new(-Far, Far, 0),
        ];
        for (var i = 0; i < beside.Length; i += 4)
            _canvas.Fill(beside.Slice(i, 4), Scalar.White);
    }

    private WorldPoint OnTable(WorldPoint point) =>
        new(point.X - point.Z * _look.Light.X / _look.Light.Z, point.Y - point.Z * _look.Light.Y / _look.Light.Z, 0);
}
