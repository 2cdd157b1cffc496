namespace Vla.Sensors.Simulation.Physics;

/// <summary>The hand as solid bodies: two fingers, the palm above them, and the block they hold.</summary>
internal static class Hand
{
    public const int MostBodies = 4;

    /// <summary>The bodies of a hand.</summary>
    /// <param name="hand">Where it is.</param>
    /// <param name="blocks">The held one is where <see cref="Carry"/> put it.</param>
    /// <param name="bodies">Receives them; room for <see cref="MostBodies"/>.</param>
    /// <returns>The part of <paramref name="bodies"/> that was filled.</returns>
    public static ReadOnlySpan<Footprint> Bodies(in Gripper hand, ReadOnlySpan<Block> blocks, Span<Footprint> bodies)
    {
        var (sin, cos) = Math.SinCos(hand.Yaw);
        var fingerAt = (hand.Jaw + Gripper.FingerThickness) / 2;
        for (var side = 0; side < 2; side++)
        {
            var u = side == 0 ? -fingerAt : fingerAt;
            bodies[side] = new Footprint(
                hand.X + u * cos,
                hand.Y + u * sin,
                hand.Yaw,
                Gripper.FingerThickness / 2,
                Gripper.FingerHalfWidth,
                hand.Z - Gripper.TipBelow,
                hand.Z + Gripper.PalmBottom
            );
        }

        bodies[2] = new Footprint(
            hand.X,
            hand.Y,
            hand.Yaw,
            Gripper.PalmHalfLength,
            Gripper.PalmHalfWidth,
            hand.Z + Gripper.PalmBottom,
            hand.Z + Gripper.PalmTop
        );
        if (!hand.Holds)
            return bodies[..3];
        bodies[3] = Footprint.Of(blocks[hand.Held]);
        return bodies[..4];
    }

    /// <summary>Moves the held block with the hand.</summary>
    public static void Carry(in Gripper hand, Span<Block> blocks)
    {
        if (!hand.Holds)
            return;
        var (sin, cos) = Math.SinCos(hand.Yaw);
        ref var block = ref blocks[hand.Held];
        block.X = hand.X + hand.HeldU * cos - hand.HeldV * sin;
        block.Y = hand.Y + hand.HeldU * sin + hand.HeldV * cos;
        block.Z = hand.Z + hand.HeldZ;
        block.Yaw = hand.Yaw + hand.HeldYaw;
        block.FallSpeed = 0;
    }

    /// <summary>Where a block is in the hand's own axes.</summary>
    public static (double U, double V) Local(in Gripper hand, in Block block)
    {
        var (sin, cos) = Math.SinCos(hand.Yaw);
        double dx = block.X - hand.X,
            dy = block.Y - hand.Y;
        return (dx * cos + dy * sin, dy * cos - dx * sin);
    }

    /// <summary>An angle brought to −45 … 45 degrees by quarter turns: all that can be seen of a cube's turn.</summary>
    public static double QuarterTurn(double angle) => Math.IEEERemainder(angle, Math.PI / 2);
}
