namespace Vla.Sensors.Simulation.Physics;

/// <summary>Lets blocks that nothing carries fall, and slip off what carries only their edge.</summary>
internal static class Falling
{
    private const double Gravity = 9.81;
    private const double QuantumSeconds = (double)Tabletop.QuantumNs / MonotonicTime.NsPerSecond;
    private const double SlipPerQuantum = 0.002;
    private const double SameHeight = 1e-6;

    public static void Quantum(in Gripper hand, Span<Block> blocks, Tray[] trays)
    {
        Span<Footprint> room = stackalloc Footprint[Hand.MostBodies];
        var bodies = Hand.Bodies(hand, blocks, room);
        if (!hand.Holds && AllRest(blocks))
            return;

        // From the lowest up, so that a block falls onto where the one below has come to.
        Span<int> order = stackalloc int[blocks.Length];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        for (var i = 1; i < order.Length; i++)
        {
            for (var j = i; j > 0 && blocks[order[j]].Z < blocks[order[j - 1]].Z; j--)
                (order[j], order[j - 1]) = (order[j - 1], order[j]);
        }

        foreach (var i in order)
        {
            if (i != hand.Held)
                Fall(i, bodies[..3], blocks, trays);
        }
    }

    /// <summary>The highest thing below a block, of table, trays and blocks.</summary>
    /// <param name="index">Which block.</param>
    /// <param name="blocks">All of them.</param>
    /// <param name="trays">All of them.</param>
    /// <param name="safe">False when it would tip off: only one thing carries it, and not under its middle.</param>
    public static double Support(int index, ReadOnlySpan<Block> blocks, Tray[] trays, out bool safe) =>
        Support(index, [], blocks, trays, out safe, out _);

    private static bool AllRest(ReadOnlySpan<Block> blocks)
    {
        foreach (ref readonly var block in blocks)
        {
            if (block.Bottom > Footprint.Touching)
                return false;
        }

        return true;
    }

    private static void Fall(int index, ReadOnlySpan<Footprint> hand, Span<Block> blocks, Tray[] trays)
    {
        ref var block = ref blocks[index];
        var support = Support(index, hand, blocks, trays, out var safe, out var carrier);
        if (block.Bottom > support + SameHeight)
        {
            block.FallSpeed += Gravity * QuantumSeconds;
            block.Z = Math.Max(block.Z - block.FallSpeed * QuantumSeconds, support + Block.Half);
            if (block.Bottom <= support + SameHeight)
                block.FallSpeed = 0;
            return;
        }

        block.FallSpeed = 0;
        if (!safe)
            Slip(index, carrier, hand, blocks, trays);
    }

    private static double Support(
        int index,
        ReadOnlySpan<Footprint> hand,
        ReadOnlySpan<Block> blocks,
        Tray[] trays,
        out bool safe,
        out Footprint carrier
    )
    {
        var block = Footprint.Of(blocks[index]);
        var best = new Best(block);
        foreach (var tray in trays)
            best.Consider(Footprint.Of(tray));
        foreach (ref readonly var body in hand)
            best.Consider(body);
        for (var i = 0; i < blocks.Length; i++)
        {
            if (i != index)
                best.Consider(Footprint.Of(blocks[i]));
        }

        (safe, carrier) = (best.Count != 1 || best.UnderMiddle, best.Carrier);
        return best.Height;
    }

    private static void Slip(
        int index,
        in Footprint carrier,
        ReadOnlySpan<Footprint> hand,
        Span<Block> blocks,
        Tray[] trays
    )
    {
        ref var block = ref blocks[index];
        var before = block;
        if (!carrier.Covers(Footprint.Of(block), out var depth, out var x, out var y))
            return;
        var way = Math.Min(depth, SlipPerQuantum);
        block.X += x * way;
        block.Y += y * way;
        if (!IsFree(index, hand, blocks, trays))
            block = before;
    }

    private static bool IsFree(int index, ReadOnlySpan<Footprint> hand, ReadOnlySpan<Block> blocks, Tray[] trays)
    {
        var block = Footprint.Of(blocks[index]);
        if (!Surface.Carries(block))
            return false;
        foreach (ref readonly var body in hand)
        {
            if (body.Overlaps(block, out _, out _, out _))
                return false;
        }

        foreach (var tray in trays)
        {
            if (Footprint.Of(tray).Overlaps(block, out _, out _, out _))
                return false;
        }

        for (var i = 0; i < blocks.Length; i++)
        {
            if (i != index && Footprint.Of(blocks[i]).Overlaps(block, out _, out _, out _))
                return false;
        }

        return true;
    }

    /// <summary>The highest of what was considered; the bare table to begin with.</summary>
    private ref struct Best(Footprint block)
    {
        public double Height { get; private set; }

        public int Count { get; private set; }

        public bool UnderMiddle { get; private set; }

        public Footprint Carrier { get; private set; }

        public void Consider(in Footprint other)
        {
            if (other.Top > block.Bottom + SameHeight || other.Top < Height - SameHeight || !other.Covers(block))
                return;
            if (other.Top > Height + SameHeight)
                (Count, UnderMiddle) = (0, false);
            (Height, Carrier) = (other.Top, other);
            Count++;
            UnderMiddle |= other.Holds(block.X, block.Y);
        }
    }
}
