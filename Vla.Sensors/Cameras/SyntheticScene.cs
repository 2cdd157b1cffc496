using OpenCvSharp;

namespace Vla.Sensors.Cameras;

/// <summary>Draws a table with coloured blocks and an arm that visits them, the same for the same time.</summary>
internal sealed class SyntheticScene : IDisposable
{
    private const double SecondsPerVisit = 2;

    // Blue, green, red, as OpenCV orders them.
    private static readonly Scalar Wall = new(205, 198, 190);
    private static readonly Scalar Table = new(120, 160, 190);
    private static readonly Scalar TableEdge = new(80, 110, 135);
    private static readonly Scalar Arm = new(90, 80, 75);
    private static readonly Scalar Joint = new(60, 170, 240);
    private static readonly Scalar Ink = new(60, 50, 45);

    /// <summary>Centre, as shares of width and height, and colour of each block.</summary>
    private static readonly (double X, double Y, Scalar Colour)[] Blocks =
    [
        (0.20, 0.72, new Scalar(50, 50, 210)),
        (0.42, 0.84, new Scalar(190, 110, 40)),
        (0.62, 0.70, new Scalar(80, 165, 60)),
        (0.82, 0.82, new Scalar(50, 200, 235)),
    ];

    private readonly int _width;
    private readonly int _height;
    private readonly Mat _still;

    public SyntheticScene(int width, int height)
    {
        _width = width;
        _height = height;
        _still = new Mat(height, width, MatType.CV_8UC3, Wall);
        var tableTop = Y(0.55);
        Cv2.Rectangle(_still, new Rect(0, tableTop, width, height - tableTop), Table, -1);
        Cv2.Line(_still, 0, tableTop, width, tableTop, TableEdge, Math.Max(1, Y(0.01)));
        foreach (var block in Blocks)
            DrawBlock(block.X, block.Y, block.Colour);
    }

    /// <summary>Draws the scene <paramref name="seconds"/> after its beginning.</summary>
    /// <param name="picture">Receives BGR, 8 bits, [height, width, 3].</param>
    /// <param name="number">Written into the corner, so that a person sees that pictures move on.</param>
    /// <param name="seconds">Position in the arm's endless round.</param>
    public void Draw(Mat picture, long number, double seconds)
    {
        _still.CopyTo(picture);
        DrawArm(picture, seconds);
        Cv2.PutText(
            picture,
            $"{number}",
            new Point(X(0.02), Y(0.06)),
            HersheyFonts.HersheySimplex,
            _height / 640.0,
            Ink,
            Math.Max(1, _height / 320),
            LineTypes.AntiAlias
        );
    }

    public void Dispose() => _still.Dispose();

    private void DrawBlock(double x, double y, Scalar colour)
    {
        var half = Math.Max(1, Y(0.055));
        var corner = new Point(X(x) - half, Y(y) - half);
        Cv2.Rectangle(_still, new Rect(corner.X + half / 3, corner.Y + half / 3, 2 * half, 2 * half), TableEdge, -1);
        Cv2.Rectangle(_still, new Rect(corner.X, corner.Y, 2 * half, 2 * half), colour, -1);
    }

    private void DrawArm(Mat picture, double seconds)
    {
        var (x, y) = Gripper(seconds);
        var shoulder = new Point(X(0.5), Y(0.05));
        var hand = new Point(X(x), Y(y));
        // The elbow bends sideways as the hand comes near the shoulder's column.
        var elbow = new Point((shoulder.X + hand.X) / 2 + X(0.08), (shoulder.Y + hand.Y) / 2 - Y(0.05));
        var thickness = Math.Max(1, Y(0.03));
        Cv2.Line(picture, shoulder, elbow, Arm, thickness);
        Cv2.Line(picture, elbow, hand, Arm, Math.Max(1, thickness * 2 / 3));
        Cv2.Circle(picture, shoulder, thickness, Joint, -1);
        Cv2.Circle(picture, elbow, Math.Max(1, thickness * 3 / 4), Joint, -1);
        Cv2.Circle(picture, hand, Math.Max(1, thickness / 2), Joint, -1);
    }

    private static (double X, double Y) Gripper(double seconds)
    {
        var visits = seconds / SecondsPerVisit;
        var visit = Math.Floor(visits);
        var from = Blocks[(int)(visit % Blocks.Length)];
        var to = Blocks[(int)((visit + 1) % Blocks.Length)];
        var share = visits - visit;
        var eased = share * share * (3 - 2 * share);
        var lift = 0.25 * Math.Sin(Math.PI * share);
        return (from.X + (to.X - from.X) * eased, from.Y + (to.Y - from.Y) * eased - lift);
    }

    private int X(double share) => (int)(share * _width);

    private int Y(double share) => (int)(share * _height);
}
