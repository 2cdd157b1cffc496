namespace Vla.Sensors.Simulation.Physics;

/// <summary>Makes room for the hand: what it runs into is moved aside, and moves aside what that runs into.</summary>
/// <remarks>
/// Blocks are moved, never turned, which keeps a push stable. A block that is met head-on goes the way of the hand, as
/// friction would have it; one that is met at a slant goes at right angles to the side that was met.
/// </remarks>
internal sealed class Pushing(int blockCount, Tray[] trays)
{
    /// <summary>Cosine of the slant up to which a pushed block goes the way of the hand: friction of about 1.</summary>
    private const double HeadOn = 0.7;

    private const int MostRounds = 12;

    /// <summary>How many pushes a block is away from the hand; 0 for one that was not pushed.</summary>
    private readonly int[] _rank = new int[blockCount];

    /// <summary>Moves blocks out of the hand's way.</summary>
    /// <param name="hand">Where the hand has just moved.</param>
    /// <param name="blocks">Where they were; the held one moved with the hand.</param>
    /// <param name="moveX">How the hand moved, in any unit.</param>
    /// <param name="moveY">Likewise.</param>
    /// <returns>False when there is no room; the blocks are then anywhere, for the caller to put back.</returns>
    public bool MakeRoom(in Gripper hand, Span<Block> blocks, double moveX, double moveY)
    {
        var length = Math.Sqrt(moveX * moveX + moveY * moveY);
        if (length > 0)
            (moveX, moveY) = (moveX / length, moveY / length);
        Span<Footprint> room = stackalloc Footprint[Hand.MostBodies];
        var bodies = Hand.Bodies(hand, blocks, room);
        Array.Clear(_rank);

        for (var round = 0; round < MostRounds; round++)
        {
            if (!MakeRoomOnce(hand, bodies, blocks, moveX, moveY, out var moved))
                return false;
            if (!moved)
                return Stands(hand, blocks);
        }

        return false;
    }

    private bool MakeRoomOnce(
        in Gripper hand,
        ReadOnlySpan<Footprint> bodies,
        Span<Block> blocks,
        double moveX,
        double moveY,
        out bool moved
    )
    {
        moved = false;
        for (var i = 0; i < blocks.Length; i++)
        {
            if (i == hand.Held)
                continue;
            foreach (ref readonly var body in bodies)
            {
                if (!body.Overlaps(Footprint.Of(blocks[i]), out var depth, out var x, out var y))
                    continue;
                Move(ref blocks[i], depth, x, y, moveX, moveY);
                _rank[i] = 1;
                moved = true;
            }
        }

        for (var pusher = 0; pusher < blocks.Length; pusher++)
        {
            if (_rank[pusher] == 0)
                continue;
            for (var i = 0; i < blocks.Length; i++)
            {
                if (i == pusher || i == hand.Held)
                    continue;
                if (
                    !Footprint.Of(blocks[pusher]).Overlaps(Footprint.Of(blocks[i]), out var depth, out var x, out var y)
                )
                    continue;
                // Two blocks that were both pushed have run into each other: the later one gives way, or nobody can.
                if (_rank[i] != 0 && _rank[i] <= _rank[pusher])
                    return false;
                Move(ref blocks[i], depth, x, y, moveX, moveY);
                _rank[i] = _rank[pusher] + 1;
                moved = true;
            }
        }

        return true;
    }

    private static void Move(ref Block block, double depth, double normalX, double normalY, double moveX, double moveY)
    {
        var straight = normalX * moveX + normalY * moveY;
        if (straight > HeadOn)
        {
            block.X += moveX * depth / straight;
            block.Y += moveY * depth / straight;
            return;
        }

        block.X += normalX * depth;
        block.Y += normalY * depth;
    }

    private bool Stands(in Gripper hand, ReadOnlySpan<Block> blocks)
    {
        for (var i = 0; i < blocks.Length; i++)
        {
            if (_rank[i] == 0 && i != hand.Held)
                continue;
            var block = Footprint.Of(blocks[i]);
            if (!Surface.Carries(block))
                return false;
            foreach (var tray in trays)
            {
                if (block.Overlaps(Footprint.Of(tray), out _, out _, out _))
                    return false;
            }
        }

        return true;
    }
}
