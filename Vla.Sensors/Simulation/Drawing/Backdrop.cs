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
        var canvas = new Canvas(picture, look, look.Camera);
        var random = new WorldRandom(look.DetailSeed);
        picture.SetTo(canvas.Exposed(look.Room, 0.8));
        Floor(canvas, look);
        Table(canvas, look, random);
        for (var i = 0; i < look.Scraps; i++)
            Scrap.Lay(random).Draw(canvas);
        for (var i = 0; i < table.Trays.Count; i++)
            DrawTray(canvas, table.Trays[i], look.Trays[i], look);
    }

    /// <summary>The board itself, without its pattern.</summary>
    public static void DrawTable(Canvas canvas, SceneLook look) =>
        canvas.Box(
            new WorldPoint(0, (TableNear + TableEnd) / 2, -TableThickness),
            0,
            Tabletop.TableHalfWidth,
            (TableEnd - TableNear) / 2,
            TableThickness,
            look.Table
        );

    /// <summary>
    /// How <see cref="Texture"/> comes to lie on the table in a canvas's picture: a matrix for OpenCV.
    /// </summary>
    public static double[,] TextureTo(Canvas canvas)
    {
        const double AcrossX = 2 * Tabletop.TableHalfWidth / (TextureSize - 1),
            AcrossY = (TableEnd - TableNear) / (TextureSize - 1);
        var plane = canvas.Camera.OfTable(canvas.Width, canvas.Height);
        var matrix = new double[3, 3];
        for (var row = 0; row < 3; row++)
        {
            // OpenCV counts from the middle of the first pixel.
            var shift = row < 2 ? 0.5 : 0;
            double x = plane[row, 0] - shift * plane[2, 0],
                y = plane[row, 1] - shift * plane[2, 1];
            var rest = plane[row, 2] - shift * plane[2, 2];
            matrix[row, 0] = x * AcrossX;
            matrix[row, 1] = y * AcrossY;
            matrix[row, 2] = rest - x * Tabletop.TableHalfWidth + y * TableNear;
        }

        return matrix;
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
        DrawTable(canvas, look);
        if (look.Texture == TableTexture.Plain)
            return;

        using var texture = Texture(canvas, look, random);
        Span<WorldPoint> corners =
        [
            new(-HalfWidth, TableNear, 0),
            new(HalfWidth, TableNear, 0),
            new(HalfWidth, TableEnd, 0),
            new(-HalfWidth, TableEnd, 0),
        ];
        var seen = new Point2f[corners.Length];
        for (var i = 0; i < seen.Length; i++)
        {
            var at = canvas.Seen(corners[i]);
            seen[i] = new Point2f((float)at.X - 0.5f, (float)at.Y - 0.5f);
        }

        Point2f[] flat =
        [
            new(0, 0),
            new(TextureSize - 1, 0),
            new(TextureSize - 1, TextureSize - 1),
            new(0, TextureSize - 1),
        ];
        using var view = Cv2.GetPerspectiveTransform(flat, seen);
        Cv2.WarpPerspective(
            texture,
            canvas.Picture,
            view,
            canvas.Picture.Size(),
            InterpolationFlags.Linear,
            BorderTypes.Transparent
        );
    }

    /// <summary>The table's pattern, flat: its width and its depth on a square.</summary>
    public static Mat Texture(Canvas canvas, SceneLook look, WorldRandom random)
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
                for (var i = 0; i < TextureSize; i += 2 * width)
                    Stripe(texture, i, width, across, Lit(canvas, look, contrast));
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
                    Cv2.Circle(
                        texture,
                        at,
                        1 + random.Below(2),
                        Lit(canvas, look, random.Between(0.85, 1.12)),
                        -1,
                        LineTypes.AntiAlias
                    );
                }

                break;
        }

        return texture;
    }

    private static Scalar Lit(Canvas canvas, SceneLook look, double factor) =>
        canvas.Exposed(look.Table, factor * canvas.Light(Up));

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

    public static void DrawTray(Canvas canvas, Tray tray, Pigment pigment, SceneLook look)
    {
        const double RimWidth = 0.006;
        var reach = Tray.Half;
        var shadow = new WorldPoint(
            -look.Light.X / look.Light.Z * Tray.Height,
            -look.Light.Y / look.Light.Z * Tray.Height,
            0
        );
        canvas.FillFlat(
            tray.X + shadow.X,
            tray.Y + shadow.Y,
            0,
            0,
            reach + 0.002,
            reach + 0.002,
            canvas.Exposed(look.Table, 0.62)
        );
        canvas.Box(new WorldPoint(tray.X, tray.Y, 0), 0, reach, reach, Tray.Height, pigment);
        canvas.FillFlat(
            tray.X,
            tray.Y,
            Tray.Height,
            0,
            reach - RimWidth,
            reach - RimWidth,
            canvas.Exposed(pigment, 0.80 * canvas.Light(Up))
        );
        canvas.FillFlat(
            tray.X,
            tray.Y,
            Tray.Height,
            0,
            reach - RimWidth - 0.003,
            reach - RimWidth - 0.003,
            canvas.Exposed(pigment, 0.92 * canvas.Light(Up))
        );
    }
}
