using OpenCvSharp;
using Vla.Sensors.World;
using Vla.Sensors.World.Drawing;
using static Vla.Tests.Sensors.World.TestTable;

namespace Vla.Tests.Sensors.World;

public sealed class TabletopRendererTests : IDisposable
{
    private readonly Mat _picture = new();
    private readonly Mat _other = new();

    [Theory]
    [InlineData(640, 480, 640, 480)]
    [InlineData(96, 96, 192, 192)]
    [InlineData(1, 1, 2, 2)]
    public void Pictures_have_the_size_asked_for(int width, int height, int drawnWidth, int drawnHeight)
    {
        using var renderer = new TabletopRenderer(width, height, drawnWidth, drawnHeight);

        renderer.Draw(Tabletop.Create(1, WorldLevel.Level1), _picture);

        Assert.Equal((width, height, MatType.CV_8UC3), (_picture.Width, _picture.Height, _picture.Type()));
    }

    [Fact]
    public void The_same_state_gives_the_same_pixels_whoever_draws_it()
    {
        using var renderer = new TabletopRenderer(160, 120);
        using var fresh = new TabletopRenderer(160, 120);
        var table = Tabletop.Create(5, WorldLevel.Level2);
        renderer.Draw(Tabletop.Create(6, WorldLevel.Level1), _picture);
        renderer.Draw(table, _picture);
        table.Act(new WorldAction(0.02f, 0, -0.02f, 0, 0, 0, 0), 4);
        renderer.Draw(table, _picture);

        var again = Tabletop.Create(5, WorldLevel.Level2);
        again.Act(new WorldAction(0.02f, 0, -0.02f, 0, 0, 0, 0), 4);
        fresh.Draw(again, _other);

        Assert.Equal(0, Cv2.Norm(_picture, _other));
    }

    [Fact]
    public void The_noise_of_the_next_moment_is_another()
    {
        using var renderer = new TabletopRenderer(160, 120);
        var table = Tabletop.Create(5, WorldLevel.Level1);
        renderer.Draw(table, _picture);
        table.Step(WorldAction.Rest(1));
        renderer.Draw(table, _other);

        var difference = Cv2.Norm(_picture, _other, NormTypes.L1) / (160 * 120 * 3);

        Assert.InRange(difference, 0.3, 6);
    }

    [Fact]
    public void Seeds_look_different_and_none_is_blank()
    {
        using var renderer = new TabletopRenderer(160, 120);
        for (var seed = 0; seed < 20; seed++)
        {
            renderer.Draw(Tabletop.Create(seed, WorldLevel.Level2), _picture);
            Cv2.MeanStdDev(_picture, out var mean, out var deviation);
            Assert.InRange(mean.Val1, 20, 235);
            Assert.True(deviation.Val1 > 10);
            if (seed > 0) Assert.True(Cv2.Norm(_picture, _other, NormTypes.L1) / (160 * 120 * 3) > 5);
            _picture.CopyTo(_other);
        }
    }

    [Theory]
    [InlineData(640, 480, 640, 480)]
    [InlineData(96, 96, 192, 192)]
    public void A_block_is_drawn_where_the_projection_says(int width, int height, int drawnWidth, int drawnHeight)
    {
        using var renderer = new TabletopRenderer(width, height, drawnWidth, drawnHeight);
        using var difference = new Mat();
        (double X, double Y)[] places = [(-0.2, 0.16), (0.2, 0.16), (0, 0), (-0.2, -0.16), (0.2, -0.16)];
        foreach (var (x, y) in places)
        {
            // The same episode without noise to speak of, with and without a block there: what differs is the block.
            var with = With(Hand(0, 0.1, 0.2), Cube(Red, x, y, z: 0.02));
            var without = With(Hand(0, 0.1, 0.2), Cube(Red, x, y, z: -1));
            renderer.Draw(with, _picture);
            renderer.Draw(without, _other);
            Cv2.Absdiff(_picture, _other, difference);
            Cv2.CvtColor(difference, difference, ColorConversionCodes.BGR2GRAY);
            Cv2.Threshold(difference, difference, 25, 255, ThresholdTypes.Binary);
            var seen = Cv2.BoundingRect(difference);

            var corners = Corners(with.Blocks[0]).Select(corner => with.Look.Camera.Project(corner, width, height)).ToArray();
            // The block's shadow may reach beyond it, to any side but the upper one of a block seen from the front.
            var pixel = Math.Max(1.5, height / 160.0);
            Assert.InRange(seen.Top, corners.Min(at => at.Y) - pixel, corners.Min(at => at.Y) + pixel);
            Assert.True(seen.Left <= corners.Min(at => at.X) + pixel && seen.Right >= corners.Max(at => at.X) - pixel);

            var (u, v) = with.Look.Camera.Project(new WorldPoint(x, y, 0.04), width, height);
            var colour = _picture.At<Vec3b>((int)v, (int)u);
            Assert.True(colour.Item2 > 1.6 * colour.Item1 && colour.Item2 > 1.6 * colour.Item0, $"not red at {u}, {v}: {colour}");
        }
    }

    [Fact]
    public void The_projection_puts_what_it_looks_at_in_the_middle_and_near_things_below()
    {
        var view = new Viewpoint(new WorldPoint(0, -0.5, 0.5), new WorldPoint(0, 0, 0), Math.PI / 4, 0);

        var (x, y) = view.Project(new WorldPoint(0, 0, 0), 640, 480);
        Assert.Equal((320, 240), (x, y));
        Assert.True(view.Project(new WorldPoint(0.1, 0, 0), 640, 480).X > 320);
        Assert.True(view.Project(new WorldPoint(0, -0.1, 0), 640, 480).Y > 240);
        Assert.True(view.Project(new WorldPoint(0, 0, 0.1), 640, 480).Y < 240);
        // 45 degrees from top to bottom: half of it at half the height.
        var edge = new WorldPoint(0, 0, 0) + 0.5 * Math.Sqrt(2) * Math.Tan(Math.PI / 8) * new WorldPoint(0, 1, 1).Normalised();
        Assert.Equal(0, view.Project(edge, 640, 480).Y, 9);
    }

    public void Dispose()
    {
        _picture.Dispose();
        _other.Dispose();
    }

    private static IEnumerable<WorldPoint> Corners(Block block)
    {
        foreach (var dx in (double[])[-0.02, 0.02])
        {
            foreach (var dy in (double[])[-0.02, 0.02])
            {
                foreach (var dz in (double[])[-0.02, 0.02]) yield return new WorldPoint(block.X + dx, block.Y + dy, block.Z + dz);
            }
        }
    }
}
