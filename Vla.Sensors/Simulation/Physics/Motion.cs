namespace Vla.Sensors.Simulation.Physics;

/// <summary>Moves hand and blocks through one quantum of time, never into each other.</summary>
/// <remarks>
/// Each kind of motion is tried by itself: sideways, then up or down, then the jaw, then falling. What finds no room is
/// taken back, so a state that was sound stays sound.
/// </remarks>
internal sealed class Motion(int blockCount, Tray[] trays)
{
    private const double QuantumSeconds = (double)Tabletop.QuantumNs / MonotonicTime.NsPerSecond;

    /// <summary>What is left of a difference in speed after one quantum.</summary>
    private static readonly double Left = Math.Exp(-QuantumSeconds / Gripper.LagSeconds);

    private readonly Pushing _pushing = new(blockCount, trays);
    private readonly Block[] _before = new Block[blockCount];

    public void Quantum(in WorldAction action, ref Gripper hand, Span<Block> blocks)
    {
        var (dx, dy, dz, turn) = Accelerate(action, ref hand);
        Sideways(ref hand, blocks, dx, dy, turn);
        Vertically(ref hand, blocks, dz);
        MoveJaw(ref hand, blocks, Math.Clamp(action.Gripper, 0, 1) * Gripper.JawOpen);
        Falling.Quantum(hand, blocks, trays);
    }

    /// <summary>True when an empty hand would share space with nothing there.</summary>
    public bool IsFree(in Gripper hand, ReadOnlySpan<Block> blocks)
    {
        Span<Footprint> room = stackalloc Footprint[Hand.MostBodies];
        foreach (ref readonly var body in Hand.Bodies(hand, blocks, room))
        {
            foreach (ref readonly var block in blocks)
            {
                if (body.Overlaps(Footprint.Of(block), out _, out _, out _))
                    return false;
            }
        }

        return true;
    }

    private static (double X, double Y, double Z, double Yaw) Accelerate(in WorldAction action, ref Gripper hand)
    {
        const double MaximumSpeed = WorldAction.MaximumMove / WorldAction.StepSeconds;
        const double MaximumTurnSpeed = WorldAction.MaximumTurn / WorldAction.StepSeconds;
        double x = action.X / WorldAction.StepSeconds,
            y = action.Y / WorldAction.StepSeconds;
        var speed = Math.Sqrt(x * x + y * y);
        if (speed > MaximumSpeed)
            (x, y) = (x * MaximumSpeed / speed, y * MaximumSpeed / speed);
        var z = Math.Clamp(action.Z / WorldAction.StepSeconds, -MaximumSpeed, MaximumSpeed);
        var yaw = Math.Clamp(action.Yaw / WorldAction.StepSeconds, -MaximumTurnSpeed, MaximumTurnSpeed);

        (hand.SpeedX, var dx) = Follow(hand.SpeedX, x);
        (hand.SpeedY, var dy) = Follow(hand.SpeedY, y);
        (hand.SpeedZ, var dz) = Follow(hand.SpeedZ, z);
        (hand.SpeedYaw, var turn) = Follow(hand.SpeedYaw, yaw);
        return (dx, dy, dz, turn);
    }

    /// <summary>First-order lag, solved exactly for a constant wish: the new speed and the way gone.</summary>
    private static (double Speed, double Way) Follow(double speed, double wanted) =>
        (
            wanted + (speed - wanted) * Left,
            wanted * QuantumSeconds + (speed - wanted) * Gripper.LagSeconds * (1 - Left)
        );

    private void Sideways(ref Gripper hand, Span<Block> blocks, double dx, double dy, double turn)
    {
        if (Within(hand.X, ref dx, Gripper.MinimumX, Gripper.MaximumX))
            hand.SpeedX = 0;
        if (Within(hand.Y, ref dy, Gripper.MinimumY, Gripper.MaximumY))
            hand.SpeedY = 0;
        if (Within(hand.Yaw, ref turn, -Gripper.MaximumYaw, Gripper.MaximumYaw))
            hand.SpeedYaw = 0;
        if (dx == 0 && dy == 0 && turn == 0)
            return;
        if (TrySideways(ref hand, blocks, dx, dy, turn))
            return;

        // Something is in the way: go on in the directions that are free, as along a wall.
        if (!TrySideways(ref hand, blocks, dx, 0, 0))
            hand.SpeedX = 0;
        if (!TrySideways(ref hand, blocks, 0, dy, 0))
            hand.SpeedY = 0;
        if (!TrySideways(ref hand, blocks, 0, 0, turn))
            hand.SpeedYaw = 0;
    }

    private bool TrySideways(ref Gripper hand, Span<Block> blocks, double dx, double dy, double turn)
    {
        var before = hand;
        blocks.CopyTo(_before);
        hand.X += dx;
        hand.Y += dy;
        hand.Yaw += turn;
        Hand.Carry(hand, blocks);
        if (_pushing.MakeRoom(hand, blocks, dx, dy))
            return true;
        hand = before;
        _before.CopyTo(blocks);
        return false;
    }

    private void Vertically(ref Gripper hand, Span<Block> blocks, double dz)
    {
        if (Within(hand.Z, ref dz, Gripper.MinimumZ, Gripper.MaximumZ))
            hand.SpeedZ = 0;
        Span<Footprint> room = stackalloc Footprint[Hand.MostBodies];
        var bodies = Hand.Bodies(hand, blocks, room);
        if (dz < 0)
        {
            var free = Math.Min(0, -Clearance(hand, bodies, blocks));
            if (dz < free)
                (dz, hand.SpeedZ) = (free, 0);
        }
        else if (dz > 0)
        {
            Lift(hand, bodies, blocks, dz);
        }

        hand.Z += dz;
        Hand.Carry(hand, blocks);
    }

    /// <summary>How far the hand may go down until something of it lands, metres.</summary>
    private double Clearance(in Gripper hand, ReadOnlySpan<Footprint> bodies, ReadOnlySpan<Block> blocks)
    {
        var clearance = double.PositiveInfinity;
        foreach (ref readonly var body in bodies)
        {
            clearance = Math.Min(clearance, body.Bottom);
            foreach (var tray in trays)
                Consider(Footprint.Of(tray), body, ref clearance);
            for (var i = 0; i < blocks.Length; i++)
            {
                if (i != hand.Held)
                    Consider(Footprint.Of(blocks[i]), body, ref clearance);
            }
        }

        return Math.Max(clearance, 0);
    }

    private static void Consider(in Footprint below, in Footprint body, ref double clearance)
    {
        var gap = body.Bottom - below.Top;
        if (gap >= -Footprint.Touching && gap < clearance && below.Covers(body))
            clearance = gap;
    }

    /// <summary>Takes blocks along that stand on what is going up.</summary>
    private static void Lift(in Gripper hand, ReadOnlySpan<Footprint> bodies, Span<Block> blocks, double dz)
    {
        var lifted = 0;
        foreach (ref readonly var body in bodies)
            lifted = LiftFrom(body, dz, hand, blocks, lifted);
    }

    private static int LiftFrom(in Footprint body, double dz, in Gripper hand, Span<Block> blocks, int lifted)
    {
        for (var i = 0; i < blocks.Length; i++)
        {
            if (i == hand.Held || (lifted & (1 << i)) != 0)
                continue;
            var block = Footprint.Of(blocks[i]);
            var gap = block.Bottom - body.Top;
            if (gap < -Footprint.Touching || gap >= dz || !body.Covers(block))
                continue;
            lifted = LiftFrom(block, dz, hand, blocks, lifted | (1 << i));
            blocks[i].Z += dz - Math.Max(gap, 0);
            blocks[i].FallSpeed = 0;
        }

        return lifted;
    }

    private void MoveJaw(ref Gripper hand, Span<Block> blocks, double wanted)
    {
        var before = hand;
        blocks.CopyTo(_before);
        if (!Jaw.Move(ref hand, wanted, blocks) || _pushing.MakeRoom(hand, blocks, 0, 0) && KeepsRoom(hand, blocks))
            return;

        _before.CopyTo(blocks);
        var letGo = before.Holds && !hand.Holds;
        hand = before;
        if (letGo)
            hand.Held = -1;
    }

    /// <summary>
    /// True when the block between the fingers, which they may have moved, has not been moved into another.
    /// </summary>
    private bool KeepsRoom(in Gripper hand, ReadOnlySpan<Block> blocks)
    {
        var touched = hand.Holds ? hand.Held : Jaw.Between(hand, blocks);
        if (touched < 0)
            return true;
        var block = Footprint.Of(blocks[touched]);
        for (var i = 0; i < blocks.Length; i++)
        {
            if (i != touched && block.Overlaps(Footprint.Of(blocks[i]), out _, out _, out _))
                return false;
        }

        foreach (var tray in trays)
        {
            if (block.Overlaps(Footprint.Of(tray), out _, out _, out _))
                return false;
        }

        return Surface.Carries(block);
    }

    /// <summary>Cuts a way short at the limit of the arm's range; true when it did.</summary>
    private static bool Within(double from, ref double way, double minimum, double maximum)
    {
        var free = Math.Clamp(from + way, minimum, maximum) - from;
        if (free == way)
            return false;
        if (Math.Abs(free - way) < 1e-12)
            return false;
        way = free;
        return true;
    }
}
