using OpenCvSharp;
using Vla.Sensors.Simulation.Physics;

namespace Vla.Sensors.Simulation.Drawing;

/// <summary>Takes pictures of a table.</summary>
/// <remarks>
/// A picture follows from the state of the table alone: the same state gives the same pixels. What stays while an episode
/// lasts is drawn once and kept until a table of another episode comes. For one thread; use one each.
/// </remarks>
public sealed class TabletopRenderer : IDisposable
{
    private readonly Size _drawn;
    private readonly Size _size;
    private readonly Mat _full = new();
    private readonly Mat _backdrop = new();
    private Episode? _episode;

    /// <param name="width">Picture width in pixels.</param>
    /// <param name="height">Picture height in pixels.</param>
    public TabletopRenderer(int width, int height)
        : this(width, height, width, height)
    {
    }

    /// <summary>Draws at one size and shrinks to another by averaging, which keeps what is finer than a pixel.</summary>
    /// <param name="width">Picture width in pixels.</param>
    /// <param name="height">Picture height in pixels.</param>
    /// <param name="drawnWidth">Width while drawing; its ratio to the drawn height decides how much is seen at the sides.</param>
    /// <param name="drawnHeight">Height while drawing.</param>
    public TabletopRenderer(int width, int height, int drawnWidth, int drawnHeight)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfLessThan(drawnWidth, width);
        ArgumentOutOfRangeException.ThrowIfLessThan(drawnHeight, height);
        OpenCvNative.EnsureLoaded();
        _size = new Size(width, height);
        _drawn = new Size(drawnWidth, drawnHeight);
    }

    public int Width => _size.Width;

    public int Height => _size.Height;

    /// <summary>Takes a picture.</summary>
    /// <param name="table">Is only read.</param>
    /// <param name="picture">Receives BGR, 8 bits, [height, width, 3]; its memory is reused.</param>
    public void Draw(Tabletop table, Mat picture)
    {
        if (_episode?.Look != table.Look)
        {
            _episode?.Dispose();
            _backdrop.Create(_drawn, MatType.CV_8UC3);
            Backdrop.Draw(table, _backdrop);
            _episode = new Episode(table.Look, _drawn);
        }

        var full = _drawn == _size ? picture : _full;
        _backdrop.CopyTo(full);
        var arm = new ArmPose(table.Gripper);
        DrawShadows(_episode.Shadows, table, arm);
        _episode.Shadows.CastOn(full);

        var canvas = new Canvas(full, table.Look);
        ArmDrawing.Behind(canvas, arm, table.Look);
        DrawBlocksAndHand(canvas, table);
        ArmDrawing.Before(canvas, arm, table.Gripper, table.Look);
        _episode.Noise.AddTo(full, table.Quanta);
        if (full != picture) Cv2.Resize(full, picture, _size, interpolation: InterpolationFlags.Area);
    }

    public void Dispose()
    {
        _episode?.Dispose();
        _full.Dispose();
        _backdrop.Dispose();
    }

    private static void DrawShadows(Shadows shadows, Tabletop table, in ArmPose arm)
    {
        foreach (ref readonly var block in table.Blocks)
            shadows.OfBox(block.X, block.Y, block.Yaw, Block.Half, Block.Half, block.Bottom, block.Top);

        ref readonly var hand = ref table.Gripper;
        Span<Footprint> room = stackalloc Footprint[Hand.MostBodies];
        foreach (ref readonly var body in Hand.Bodies(hand, table.Blocks, room)[..3])
            shadows.OfBox(body.X, body.Y, hand.Yaw, body.HalfLength, body.HalfWidth, body.Bottom, body.Top);
        shadows.OfRod(new WorldPoint(hand.X, hand.Y, hand.Z + Gripper.PalmTop), arm.Wrist, 0.014);
        shadows.OfRod(arm.Elbow, arm.Wrist, 0.018);
        shadows.OfRod(arm.Shoulder, arm.Elbow, 0.022);
    }

    /// <summary>From the furthest to the nearest, so that the nearer hides the further.</summary>
    private static void DrawBlocksAndHand(Canvas canvas, Tabletop table)
    {
        var look = table.Look;
        var blocks = table.Blocks;
        Span<Footprint> room = stackalloc Footprint[Hand.MostBodies];
        var hand = Hand.Bodies(table.Gripper, blocks, room)[..3];

        var count = blocks.Length + hand.Length;
        Span<int> order = stackalloc int[count];
        Span<double> depth = stackalloc double[count];
        for (var i = 0; i < count; i++)
        {
            order[i] = i;
            var centre = i < blocks.Length
                ? new WorldPoint(blocks[i].X, blocks[i].Y, blocks[i].Z)
                : new WorldPoint(hand[i - blocks.Length].X, hand[i - blocks.Length].Y, hand[i - blocks.Length].Bottom + Block.Half);
            depth[i] = -look.Camera.Depth(centre);
        }

        depth.Sort(order);
        foreach (var i in order)
        {
            if (i < blocks.Length)
                DrawBlock(canvas, blocks[i], look.Blocks[i]);
            else
                ArmDrawing.HandPart(canvas, hand[i - blocks.Length], table.Gripper.Yaw, i == count - 1);
        }
    }

    private static void DrawBlock(Canvas canvas, in Block block, Pigment pigment)
    {
        // A rounded edge that catches the light, and a sunken top: they show how the block is turned.
        const double Edge = 0.0045;
        canvas.Box(new WorldPoint(block.X, block.Y, block.Bottom), block.Yaw, Block.Half, Block.Half, Block.Size, pigment);
        var light = canvas.Light(new WorldPoint(0, 0, 1));
        var rim = new Pigment(0.75 * pigment.Red + 60, 0.75 * pigment.Green + 60, 0.75 * pigment.Blue + 60);
        canvas.FillFlat(block.X, block.Y, block.Top, block.Yaw, Block.Half, Block.Half, canvas.Exposed(rim, light));
        canvas.FillFlat(
            block.X, block.Y, block.Top, block.Yaw, Block.Half - Edge, Block.Half - Edge, canvas.Exposed(pigment, light));
    }

    /// <summary>What is kept while an episode lasts.</summary>
    private sealed class Episode(SceneLook look, Size size) : IDisposable
    {
        public SceneLook Look => look;

        public Shadows Shadows { get; } = new(look, size);

        public SensorNoise Noise { get; } = new(look, size);

        public void Dispose()
        {
            Shadows.Dispose();
            Noise.Dispose();
        }
    }
}
