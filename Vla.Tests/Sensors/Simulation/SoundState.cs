using Vla.Sensors.Simulation;

namespace Vla.Tests.Sensors.Simulation;

/// <summary>
/// Checks, by other means than the simulation's own, that nothing shares space and nothing has left the table.
/// </summary>
internal static class SoundState
{
    private const double Tolerance = 1e-5;

    public static void Check(Tabletop table)
    {
        var hand = table.Gripper;
        Assert.InRange(hand.X, Gripper.MinimumX, Gripper.MaximumX);
        Assert.InRange(hand.Y, Gripper.MinimumY, Gripper.MaximumY);
        Assert.InRange(hand.Z, Gripper.MinimumZ, Gripper.MaximumZ);
        Assert.InRange(hand.Jaw, 0, Gripper.JawOpen);

        var solids = new List<(string Name, Solid Body)>();
        for (var i = 0; i < table.Blocks.Length; i++)
        {
            var block = table.Blocks[i];
            var body = new Solid(block.X, block.Y, block.Yaw, 0.02, 0.02, block.Z - 0.02, block.Z + 0.02);
            solids.Add(($"block {i}", body));
            Assert.True(block.Z >= 0.02 - Tolerance, $"block {i} is in the table");
            Assert.All(
                body.Outline(),
                point =>
                    Assert.True(
                        Math.Abs(point.X) <= Tabletop.TableHalfWidth + Tolerance
                            && point.Y >= Tabletop.TableNear - Tolerance
                            && point.Y <= Tabletop.TableFar + Tolerance
                    )
            );
        }

        foreach (var tray in table.Trays)
            solids.Add(("tray", new Solid(tray.X, tray.Y, 0, 0.05, 0.05, 0, 0.006)));
        foreach (var side in (int[])[-1, 1])
        {
            var u = side * (hand.Jaw / 2 + 0.004);
            solids.Add(
                (
                    "finger",
                    new Solid(
                        hand.X + u * Math.Cos(hand.Yaw),
                        hand.Y + u * Math.Sin(hand.Yaw),
                        hand.Yaw,
                        0.004,
                        0.01,
                        hand.Z - 0.005,
                        hand.Z + 0.05
                    )
                )
            );
        }

        solids.Add(("palm", new Solid(hand.X, hand.Y, hand.Yaw, 0.05, 0.014, hand.Z + 0.05, hand.Z + 0.075)));
        for (var i = 0; i < solids.Count; i++)
        {
            for (var j = 0; j < i; j++)
                Assert.False(
                    solids[i].Body.Meets(solids[j].Body),
                    $"{solids[i].Name} is in {solids[j].Name} at {table.Seconds} s"
                );
        }
    }

    private sealed record Solid(
        double X,
        double Y,
        double Yaw,
        double HalfLength,
        double HalfWidth,
        double Bottom,
        double Top
    )
    {
        public bool Meets(Solid other) =>
            Bottom < other.Top - Tolerance
            && other.Bottom < Top - Tolerance
            && double.Hypot(X - other.X, Y - other.Y) < HalfLength + HalfWidth + other.HalfLength + other.HalfWidth
            && (other.Outline().Any(Contains) || Outline().Any(other.Contains));

        public IEnumerable<(double X, double Y)> Outline()
        {
            const int Points = 20;
            for (var i = 0; i <= Points; i++)
            {
                var share = 2.0 * i / Points - 1;
                yield return Place(share * HalfLength, HalfWidth);
                yield return Place(share * HalfLength, -HalfWidth);
                yield return Place(HalfLength, share * HalfWidth);
                yield return Place(-HalfLength, share * HalfWidth);
            }
        }

        private bool Contains((double X, double Y) point)
        {
            double dx = point.X - X,
                dy = point.Y - Y;
            var (sin, cos) = Math.SinCos(Yaw);
            return Math.Abs(dx * cos + dy * sin) < HalfLength - Tolerance
                && Math.Abs(dy * cos - dx * sin) < HalfWidth - Tolerance;
        }

        private (double X, double Y) Place(double u, double v)
        {
            var (sin, cos) = Math.SinCos(Yaw);
            return (X + u * cos - v * sin, Y + u * sin + v * cos);
        }
    }
}
