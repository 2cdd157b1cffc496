using OpenCvSharp;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Drawing;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Sensors.Simulation;

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
            if (seed > 0)
                Assert.True(Cv2.Norm(_picture, _other, NormTypes.L1) / (160 * 120 * 3) > 5);
            _picture.CopyTo(_other);
        }
    }

    [Theory]
    [InlineData(640, 480, 640, 480)]
    [InlineData(96, 96, 192, 192)]
    public void A_block_is_drawn_where_the_projection_says(int width, int height, int drawnWidth, int drawnHeight)
    {
        using var renderer = new TabletopRenderer(width, height, drawnWidth, drawnHeight);
        (double X, double Y)[] places = [(-0.2, 0.16), (0.2, 0.16), (0, 0), (-0.2, -0.16), (0.2, -0.16)];
        foreach (var (x, y) in places)
        {
            var table = With(Hand(0, 0.1, 0.2), Cube(Red, x, y));
            renderer.Draw(table, _picture);
            var corners = Corners(table.Blocks[0])
                .Select(corner => table.Look.Camera.Project(corner, width, height))
                .ToArray();

            var seen = WhereRed(_picture);

            // Soft edges make it a little larger to all sides, so its middle is told more exactly than its size.
            const double Middle = 0.75,
                Size = 3;
            var (left, right) = (corners.Min(at => at.X), corners.Max(at => at.X));
            var (top, bottom) = (corners.Min(at => at.Y), corners.Max(at => at.Y));
            Assert.InRange((seen.Left + seen.Right) / 2.0, (left + right) / 2 - Middle, (left + right) / 2 + Middle);
            Assert.InRange((seen.Top + seen.Bottom) / 2.0, (top + bottom) / 2 - Middle, (top + bottom) / 2 + Middle);
            Assert.InRange(seen.Width, right - left - Size, right - left + Size);
            Assert.InRange(seen.Height, bottom - top - Size, bottom - top + Size);
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
        var edge =
            new WorldPoint(0, 0, 0) + 0.5 * Math.Sqrt(2) * Math.Tan(Math.PI / 8) * new WorldPoint(0, 1, 1).Normalised();
        Assert.Equal(0, view.Project(edge, 640, 480).Y, 9);
    }

    public void Dispose()
    {
        _picture.Dispose();
        _other.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.6)]
    [InlineData(-1.2)]
    public void The_camera_at_the_wrist_turns_with_the_hand_and_sees_what_is_between_the_fingers(double yaw)
    {
        using var renderer = new TabletopRenderer(640, 480, WorldView.Wrist);
        var table = With(Hand(0.1, -0.05, 0.1, yaw: yaw), Cube(Red, 0.1, -0.05, yaw: yaw));
        var view = TabletopRenderer.ViewpointOf(table, WorldView.Wrist);
        renderer.Draw(table, _picture);

        var seen = WhereRed(_picture);

        var (x, y) = view.Project(new WorldPoint(0.1, -0.05, 0.02), 640, 480);
        Assert.InRange(x, 319, 321);
        Assert.InRange((seen.Left + seen.Right) / 2.0, x - 2, x + 2);
        Assert.InRange((seen.Top + seen.Bottom) / 2.0, y - 15, y + 15);
        Assert.InRange(seen.Top, 0, 200);
        // Upright, whichever way hand and block are turned.
        Assert.InRange(seen.Width, 80, 160);
    }

    [Fact]
    public void A_held_block_stays_in_its_place_before_the_camera_at_the_wrist_and_the_table_moves()
    {
        using var renderer = new TabletopRenderer(160, 120, WorldView.Wrist);
        renderer.Draw(With(Hand(0, 0, 0.1, Block.Size, held: 0), Cube(Red, 0, 0, z: 0.1)), _picture);
        renderer.Draw(With(Hand(0.1, 0.05, 0.2, Block.Size, held: 0), Cube(Red, 0.1, 0.05, z: 0.2)), _other);

        Assert.Equal(WhereRed(_picture), WhereRed(_other));
        Assert.True(Cv2.Norm(_picture, _other, NormTypes.L1) / (160 * 120 * 3) > 3);
    }

    [Theory]
    [InlineData(640, 480)]
    [InlineData(96, 96)]
    [InlineData(300, 20)]
    [InlineData(20, 300)]
    public void The_camera_at_the_wrist_draws_any_state_and_the_same_one_always_the_same(int width, int height)
    {
        using var renderer = new TabletopRenderer(width, height, WorldView.Wrist);
        using var fresh = new TabletopRenderer(width, height, WorldView.Wrist);
        for (var seed = 0; seed < 8; seed++)
        {
            var table = Tabletop.Create(seed, WorldLevel.Level2);
            for (var step = 0; step < 12; step++)
            {
                table.Act(
                    new WorldAction(0.03f * (seed % 3 - 1), 0.03f * (seed % 2 == 0 ? 1 : -1), -0.02f, 0, 0, 0.15f, 0),
                    2
                );
                renderer.Draw(table, _picture);
            }

            fresh.Draw(table, _other);
            Assert.Equal(0, Cv2.Norm(_picture, _other));
            Cv2.MeanStdDev(_picture, out _, out var deviation);
            Assert.True(deviation.Val1 > 5);
        }
    }

    private static Rect WhereRed(Mat picture)
    {
        var (width, height) = (picture.Width, picture.Height);
        using var red = new Mat(picture.Size(), MatType.CV_8UC1, Scalar.Black);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var colour = picture.At<Vec3b>(y, x);
                if (colour.Item2 > 70 && colour.Item2 > 1.5 * colour.Item1 && colour.Item2 > 1.5 * colour.Item0)
                    red.Set(y, x, (byte)255);
            }
        }

        return Cv2.BoundingRect(red);
    }

    private static IEnumerable<WorldPoint> Corners(Block block)
    {
        foreach (var dx in (double[])[-0.02, 0.02])
        {
            foreach (var dy in (double[])[-0.02, 0.02])
            {
                foreach (var dz in (double[])[-0.02, 0.02])
                    yield return new WorldPoint(block.X + dx, block.Y + dy, block.Z + dz);
            }
        }
    }
}
