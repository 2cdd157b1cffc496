namespace Vla.Sensors.Simulation.Physics;

/// <summary>Opens and closes the fingers, and decides what they get hold of.</summary>
/// <remarks>
/// A block between the fingers is first moved to the middle by whichever finger meets it, then squared to the fingers
/// as they close on it, and held when they are as close as it is wide. One that is turned too far, or of which only an
/// edge is between the fingers, just stops them.
/// </remarks>
internal static class Jaw
{
    /// <summary>How far off the block may be along the fingers' width, metres.</summary>
    public const double ReachV = 0.018;

    /// <summary>How far off it may be in height, metres.</summary>
    public const double ReachZ = 0.015;

    /// <summary>How far it may be turned against the fingers, radians.</summary>
    public const double ReachYaw = 0.35;

    /// <summary>How far the jaw must be told to open beyond the block's width to let go, metres.</summary>
    public const double LetGo = 0.002;

    private const double Step = Gripper.JawSpeed * Tabletop.QuantumNs / MonotonicTime.NsPerSecond;
    private const double Rounding = 1e-9;

    /// <summary>Moves the jaw for one quantum.</summary>
    /// <param name="hand">The hand.</param>
    /// <param name="wanted">The opening that it is told, metres.</param>
    /// <param name="blocks">One of them may be centred, squared and taken.</param>
    /// <returns>True when it moved; the caller makes room, or puts jaw and blocks back.</returns>
    public static bool Move(ref Gripper hand, double wanted, Span<Block> blocks)
    {
        if (hand.Holds)
        {
            if (wanted <= Block.Size + LetGo)
                return false;
            hand.Held = -1;
        }

        var next = hand.Jaw + Math.Clamp(wanted - hand.Jaw, -Step, Step);
        if (next >= hand.Jaw)
        {
            var opens = next > hand.Jaw;
            hand.Jaw = next;
            return opens;
        }

        var between = Between(hand, blocks);
        hand.Jaw = between < 0 ? next : Close(ref hand, ref blocks[between], between, next);
        return true;
    }

    /// <summary>The block that closing would get hold of; −1 for none.</summary>
    /// <remarks>
    /// Fingers and block never share space, so one whose middle is between them is between them as a whole, up to
    /// corners that reach past a finger's edge: <see cref="Close"/> brings those in.
    /// </remarks>
    public static int Between(in Gripper hand, ReadOnlySpan<Block> blocks)
    {
        for (var i = 0; i < blocks.Length; i++)
        {
            var (u, v) = Hand.Local(hand, blocks[i]);
            var turn = Hand.QuarterTurn(blocks[i].Yaw - hand.Yaw);
            if (
                Math.Abs(v) < ReachV
                && Math.Abs(blocks[i].Z - hand.Z) < ReachZ
                && Math.Abs(turn) < ReachYaw
                && Math.Abs(u) < hand.Jaw / 2
            )
            {
                return i;
            }
        }

        return -1;
    }

    private static double Close(ref Gripper hand, ref Block block, int index, double jaw)
    {
        var (u, v) = Hand.Local(hand, block);
        var turn = Hand.QuarterTurn(block.Yaw - hand.Yaw);
        jaw = Math.Max(jaw, Block.Size);
        if (jaw < Width(turn))
        {
            // Squeezed: turned until it is as wide as the jaw. Solves width(turn) = jaw.
            var squared = Math.PI / 4 - Math.Acos(Math.Min(jaw / (Block.Size * Math.Sqrt(2)), 1));
            squared = Math.CopySign(Math.Max(squared, 0), turn);
            block.Yaw += squared - turn;
            turn = squared;
        }

        var play = Math.Max(0, (jaw - Width(turn)) / 2);
        u = Math.Clamp(u, -play, play);
        var (sin, cos) = Math.SinCos(hand.Yaw);
        block.X = hand.X + u * cos - v * sin;
        block.Y = hand.Y + u * sin + v * cos;
        if (jaw > Block.Size + Rounding)
            return jaw;

        hand.Held = index;
        (hand.HeldU, hand.HeldV, hand.HeldZ, hand.HeldYaw) = (0, v, block.Z - hand.Z, block.Yaw - turn - hand.Yaw);
        return Block.Size;
    }

    /// <summary>How wide a turned block is between the fingers, metres.</summary>
    private static double Width(double turn) => Block.Size * (Math.Cos(turn) + Math.Sin(Math.Abs(turn)));
}
