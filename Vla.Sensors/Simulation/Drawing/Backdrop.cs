using OpenCvSharp;

namespace Vla.Sensors.Simulation.Drawing;

/// <summary>Draws what stays where it is while an episode lasts: room, table with its texture, scraps, trays.</summary>
internal static class Backdrop
{
    private const int TextureSize = 256;
    private const double TableThickness = 0.03;

    /// <summary>The table as drawn reaches under the arm's base.</summary>
    public const double TableEnd = 0.44;

    /// <summary>And out of the picture.</summary>
    public const double TableNear = Tabletop.TableNear - 0.12;

    private static readonly WorldPoint Up = new(0, 0, 1);

    public static void Draw(Tabletop table, Mat picture)
    {
        var look = table.Look;
        var canvas = new Canvas(picture, look);
        var random = new WorldRandom(look.DetailSeed);
        picture.SetTo(canvas.Exposed(look.Room, 0.8));
        Floor(canvas, look);
        Table(canvas, look, random);
        for (var i = 0; i < look.Scraps; i++) Scrap(canvas, random);
        for (var i = 0; i < table.Trays.Count; i++) DrawTray(canvas, table.Trays[i], look.Trays[i], look);
    }

    private static void Floor(Canvas canvas, SceneLook look)
    {
        // Below the table's far edge the room gets darker: a hint of a floor.
        const double FloorZ = -0.4;
        Span<WorldPoint> floor = [new(-4, 0.2, FloorZ), new(4, 0.2, FloorZ), new(4, 1.2, FloorZ), new(-4, 1.2, FloorZ)];
        canvas.Fill(floor, canvas.Exposed(look.Room, 0.66));
    }

    private static void Table(Canvas canvas, SceneLook look, WorldRandom random)
    {
        const double HalfWidth = Tabletop.TableHalfWidth;
        canvas.Box(
            new WorldPoint(0, (TableNear + TableEnd) / 2, -TableThickness), 0, HalfWidth, (TableEnd - TableNear) / 2, TableThickness, look.Table);
        if (look.Texture == TableTexture.Plain) return;

        using var texture = Texture(canvas, look, random);
        Span<WorldPoint> corners =
            [new(-HalfWidth, TableNear, 0), new(HalfWidth, TableNear, 0), new(HalfWidth, TableEnd, 0), new(-HalfWidth, TableEnd, 0)];
        var seen = new Point2f[corners.Length];
        for (var i = 0; i < seen.Length; i++)
        {
            var at = canvas.Seen(corners[i]);
            seen[i] = new Point2f((float)at.X - 0.5f, (float)at.Y - 0.5f);
        }

        Point2f[] flat = [new(0, 0), new(TextureSize - 1, 0), new(TextureSize - 1, TextureSize - 1), new(0, TextureSize - 1)];
        using var view = Cv2.GetPerspectiveTransform(flat, seen);
        Cv2.WarpPerspective(texture, canvas.Picture, view, canvas.Picture.Size(), InterpolationFlags.Linear, BorderTypes.Transparent);
    }

    private static Mat Texture(Canvas canvas, SceneLook look, WorldRandom random)
    {
        var texture = new Mat(TextureSize, TextureSize, MatType.CV_8UC3, canvas.Exposed(look.Table, canvas.Light(Up)));
        var across = random.Chance(0.5);
        switch (look.Texture)
        {
            case TableTexture.Grain:
                var light = 1.0;
                for (var i = 0; i < TextureSize; i++)
                {
                    light = 1 + 0.86 * (light - 1) + 0.022 * random.Gaussian();
                    var board = i % 64 == 0 ? 0.82 : 1;
                    Stripe(texture, i, 1, across, Lit(canvas, look, light * board));
                }

                break;
            case TableTexture.Weave:
                var width = 6 + random.Below(8);
                var contrast = random.Between(0.93, 0.97);
                for (var i = 0; i < TextureSize; i += 2 * width) Stripe(texture, i, width, across, Lit(canvas, look, contrast));
                for (var i = 0; i < TextureSize; i += 2 * width)
                {
                    using var part = Band(texture, i, width, !across);
                    Cv2.ConvertScaleAbs(part, part, contrast);
                }

                break;
            default:
                for (var i = 0; i < 900; i++)
                {
                    var at = new Point(random.Below(TextureSize), random.Below(TextureSize));
                    Cv2.Circle(texture, at, 1 + random.Below(2), Lit(canvas, look, random.Between(0.85, 1.12)), -1, LineTypes.AntiAlias);
                }

                break;
        }

        return texture;
    }

    private static Scalar Lit(Canvas canvas, SceneLook look, double factor) => canvas.Exposed(look.Table, factor * canvas.Light(Up));

    private static void Stripe(Mat texture, int from, int width, bool across, Scalar colour)
    {
        using var band = Band(texture, from, width, across);
        band.SetTo(colour);
    }

    private static Mat Band(Mat texture, int from, int width, bool across)
    {
        width = Math.Min(width, TextureSize - from);
        return new Mat(texture, across ? new Rect(0, from, TextureSize, width) : new Rect(from, 0, width, TextureSize));
    }

    /// <summary>A paper, a coin or a pencil: flat, and of no colour that an instruction names.</summary>
    private static void Scrap(Canvas canvas, WorldRandom random)
    {
        double x = random.Between(-0.33, 0.33), y = random.Between(-0.26, 0.33), yaw = random.Between(0, Math.PI);
        var grey = random.Between(95, 205);
        var pigment = new Pigment(grey + random.Between(-12, 14), grey + random.Between(-10, 10), grey + random.Between(-16, 10));
        var colour = canvas.Exposed(pigment, canvas.Light(Up));
        switch (random.Below(3))
        {
            case 0:
                canvas.FillFlat(x, y, 0, yaw, random.Between(0.015, 0.035), random.Between(0.01, 0.025), colour);
                break;
            case 1:
                const int Corners = 16;
                var radius = random.Between(0.008, 0.014);
                Span<WorldPoint> coin = stackalloc WorldPoint[Corners];
                for (var i = 0; i < Corners; i++)
                {
                    var (sin, cos) = Math.SinCos(2 * Math.PI * i / Corners);
                    coin[i] = new WorldPoint(x + radius * cos, y + radius * sin, 0);
                }

                canvas.Fill(coin, colour);
                break;
            default:
                canvas.FillFlat(x, y, 0, yaw, random.Between(0.05, 0.08), 0.003, colour);
                break;
        }
    }

    private static void DrawTray(Canvas canvas, Tray tray, Pigment pigment, SceneLook look)
    {
        const double RimWidth = 0.006;
        var reach = Tray.Half;
        var shadow = new WorldPoint(-look.Light.X / look.Light.Z * Tray.Height, -look.Light.Y / look.Light.Z * Tray.Height, 0);
        canvas.FillFlat(
            tray.X + shadow.X, tray.Y + shadow.Y, 0, 0, reach + 0.002, reach + 0.002, canvas.Exposed(look.Table, 0.62));
        canvas.Box(new WorldPoint(tray.X, tray.Y, 0), 0, reach, reach, Tray.Height, pigment);
        canvas.FillFlat(tray.X, tray.Y, Tray.Height, 0, reach - RimWidth, reach - RimWidth, canvas.Exposed(pigment, 0.80 * canvas.Light(Up)));
        canvas.FillFlat(
            tray.X, tray.Y, Tray.Height, 0, reach - RimWidth - 0.003, reach - RimWidth - 0.003, canvas.Exposed(pigment, 0.92 * canvas.Light(Up)));
    }
}
