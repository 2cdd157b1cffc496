using OpenCvSharp;
using Vla.Sensors.Simulation.Physics;

namespace Vla.Sensors.Simulation.Drawing;

/// <summary>Takes pictures of a table.</summary>
/// <remarks>
/// A picture follows from the state of the table alone: the same state gives the same pixels. What stays while an
/// episode lasts is drawn once and kept until a table of another episode comes. For one thread; use one each.
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
    /// <param name="view">Which of the world's cameras.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public TabletopRenderer(int width, int height, WorldView view = WorldView.Front)
        : this(width, height, width, height, view) { }

    /// <summary>
    /// Draws at one size and shrinks to another by averaging, which keeps what is finer than a pixel.
    /// </summary>
    /// <param name="width">Picture width in pixels.</param>
    /// <param name="height">Picture height in pixels.</param>
    /// <param name="drawnWidth">Width while drawing; its ratio to the drawn height decides how much is seen at the
    /// sides.</param>
    /// <param name="drawnHeight">Height while drawing.</param>
    /// <param name="view">Which of the world's cameras.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or drawing would be smaller than the
    /// picture.</exception>
    public TabletopRenderer(int width, int height, int drawnWidth, int drawnHeight, WorldView view = WorldView.Front)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfLessThan(drawnWidth, width);
        ArgumentOutOfRangeException.ThrowIfLessThan(drawnHeight, height);
        OpenCvNative.EnsureLoaded();
        _size = new Size(width, height);
        _drawn = new Size(drawnWidth, drawnHeight);
        View = view;
    }

    /// <summary>Which of the world's cameras it is.</summary>
    public WorldView View { get; }

    /// <summary>Width of its pictures, pixels.</summary>
    public int Width => _size.Width;

    /// <summary>Height of its pictures, pixels.</summary>
    public int Height => _size.Height;

    /// <summary>Takes a picture.</summary>
    /// <param name="table">Is only read.</param>
    /// <param name="picture">Receives BGR, 8 bits, [height, width, 3]; its memory is reused.</param>
    public void Draw(Tabletop table, Mat picture)
    {
        if (_episode?.Look != table.Look)
        {
            _episode?.Dispose();
            if (View == WorldView.Front)
            {
                _backdrop.Create(_drawn, MatType.CV_8UC3);
                Backdrop.Draw(table, _backdrop);
            }

            _episode = new Episode(table.Look, _drawn, View);
        }

        var full = _drawn == _size ? picture : _full;
        full.Create(_drawn, MatType.CV_8UC3);
        if (View == WorldView.Front)
            DrawFront(table, full, _episode);
        else
            DrawWrist(table, full, _episode);
        _episode.Noise.AddTo(full, table.Quanta);
        if (full != picture)
            Cv2.Resize(full, picture, _size, interpolation: InterpolationFlags.Area);
    }

    /// <summary>Where one of the world's cameras stands and looks, as the table is.</summary>
    public static Viewpoint ViewpointOf(Tabletop table, WorldView view) =>
        view == WorldView.Front ? table.Look.Camera : WristCamera.Of(table.Gripper);

    /// <inheritdoc/>
    public void Dispose()
    {
        _episode?.Dispose();
        _full.Dispose();
        _backdrop.Dispose();
    }

    private void DrawFront(Tabletop table, Mat full, Episode episode)
    {
        _backdrop.CopyTo(full);
        var arm = new ArmPose(table.Gripper);
        DrawShadows(episode.Shadows, table, arm);
        episode.Shadows.CastOn(full);

        var canvas = new Canvas(full, table.Look, table.Look.Camera);
        ArmDrawing.Behind(canvas, arm, table.Look);
        DrawBlocksAndHand(canvas, table);
        ArmDrawing.Before(canvas, arm, table.Gripper, table.Look);
    }

    private static void DrawWrist(Tabletop table, Mat full, Episode episode)
    {
        var canvas = new Canvas(full, table.Look, WristCamera.Of(table.Gripper));
        episode.Moving ??= new MovingBackdrop(table.Look, canvas);
        episode.Moving.Draw(table, canvas);
        var arm = new ArmPose(table.Gripper);
        episode.Shadows.LookFrom(canvas.Camera);
        DrawShadows(episode.Shadows, table, arm);
        episode.Shadows.CastOn(full);
        ArmDrawing.Behind(canvas, arm, table.Look);
        WristCamera.DrawBlocksAndHand(canvas, table);
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
            var centre =
                i < blocks.Length
                    ? new WorldPoint(blocks[i].X, blocks[i].Y, blocks[i].Z)
                    : new WorldPoint(
                        hand[i - blocks.Length].X,
                        hand[i - blocks.Length].Y,
                        hand[i - blocks.Length].Bottom + Block.Half
                    );
            depth[i] = -canvas.Camera.Depth(centre);
        }

        depth.Sort(order);
        foreach (var i in order)
        {
            if (i < blocks.Length)
                BlockDrawing.Draw(canvas, blocks[i], look.Blocks[i]);
            else
                ArmDrawing.HandPart(canvas, hand[i - blocks.Length], table.Gripper.Yaw, i == count - 1);
        }
    }

    /// <summary>What is kept while an episode lasts.</summary>
    private sealed class Episode(SceneLook look, Size size, WorldView view) : IDisposable
    {
        public SceneLook Look => look;

        public Shadows Shadows { get; } = new(look, size);

        public SensorNoise Noise { get; } = new(look, size, view);

        /// <summary>For a camera that moves.</summary>
        public MovingBackdrop? Moving { get; set; }

        public void Dispose()
        {
            Shadows.Dispose();
            Noise.Dispose();
            Moving?.Dispose();
        }
    }
}
