using Vla.Sensors.Simulation.Physics;

namespace Vla.Sensors.Simulation.Tasks;

/// <summary>Knows the whole state of the world and does every task: the teacher of policies.</summary>
/// <remarks>
/// <para>
/// What it does follows from the state and the task alone, so it can say of any state, however it came about, what to
/// do next. It has no phases to remember: it comes down a funnel that is wider the higher it is, rises first when it is
/// low and off, opens and rises when the jaw has closed on nothing, and puts down what it should not be holding. Where
/// it decides between two things to do, the limit is wider once it has begun, so that a little noise changes nothing.
/// </para>
/// <para>
/// It steers for where the hand would come to rest, not for where it is, which takes the arm's lag out.
/// </para>
/// </remarks>
public static class Expert
{
    private const double HoverHeight = 0.10;
    private const double LiftHeight = 0.13;
    private const double CarryHeight = 0.115;
    private const double PushHeight = Block.Half;
    private const double PushPerStep = 0.02;
    private const double PushGap = 0.02;
    private const double ReleaseGap = 0.002;

    /// <summary>Half the width of the two closed fingers along x.</summary>
    private const double ClosedHalf = Gripper.FingerThickness;

    /// <summary>What to do next.</summary>
    /// <param name="table">The true state; is only read.</param>
    /// <param name="task">What for.</param>
    /// <returns>Within the arm's limits for one control step; the gripper is 0 or 1.</returns>
    public static WorldAction Act(Tabletop table, in WorldTask task)
    {
        ref readonly var hand = ref table.Gripper;
        var carries = task.Kind is TaskKind.Pick or TaskKind.Put;
        if (hand.Holds && (!carries || hand.Held != task.Block))
            return PutDown(table);
        return task.Kind switch
        {
            TaskKind.Reach => Reach(hand, table.Blocks[task.Block]),
            TaskKind.Pick => Pick(table, task.Block),
            TaskKind.Put => Put(table, task.Block, task.Tray),
            _ => Push(table, task.Block, task.Direction),
        };
    }

    /// <summary>What it would do in the next steps if nothing disturbed it: an action chunk from any state.</summary>
    /// <param name="table">Is only read.</param>
    /// <param name="task">What for.</param>
    /// <param name="scratch">A clone of the table to try it on; overwritten.</param>
    /// <param name="chunk">Receives one action for each step.</param>
    public static void Plan(Tabletop table, in WorldTask task, Tabletop scratch, Span<WorldAction> chunk)
    {
        scratch.CopyFrom(table);
        foreach (ref var action in chunk)
        {
            action = Act(scratch, task);
            scratch.Step(action);
        }
    }

    private static WorldAction Reach(in Gripper hand, in Block block)
    {
        var aim = new Aim(block.X, block.Y, HoverHeight, 0);
        return Steer(hand, aim, HoverHeight, gripper: 1);
    }

    private static WorldAction Pick(Tabletop table, int index)
    {
        ref readonly var hand = ref table.Gripper;
        var block = table.Blocks[index];
        if (hand.Held == index)
            return Steer(hand, new Aim(hand.X, hand.Y, LiftHeight, hand.Yaw), 0, gripper: 0);

        var aim = new Aim(block.X, block.Y, block.Z, Facing(block.Yaw, hand.Yaw));
        if (MayClose(table, index, aim))
            return Steer(hand, aim, 0, gripper: 0);

        // A jaw that is not open, or not turned right yet, counts as being off: the hand stays up until it is.
        var off =
            Off(hand, aim) + 0.05 * Math.Max(0, Math.Abs(aim.Yaw - hand.Yaw) - 0.05) + Math.Max(0, 0.072 - hand.Jaw);
        return Funnel(hand, aim, off, aim.Z + 0.075, gripper: 1);
    }

    private static bool MayClose(Tabletop table, int index, in Aim aim)
    {
        ref readonly var hand = ref table.Gripper;
        if (Jaw.Between(hand, table.Blocks) != index)
            return false;
        var (u, v) = Hand.Local(hand, table.Blocks[index]);
        var begun = hand.Jaw < 0.072;
        var (aside, turned, height) = begun ? (0.016, 0.32, 0.013) : (0.009, 0.12, 0.008);
        return Math.Abs(u) < aside
            && Math.Abs(v) < aside
            && Math.Abs(aim.Yaw - hand.Yaw) < turned
            && Math.Abs(aim.Z - hand.Z) < height;
    }

    private static WorldAction Put(Tabletop table, int index, int trayIndex)
    {
        ref readonly var hand = ref table.Gripper;
        var block = table.Blocks[index];
        if (hand.Held != index)
        {
            return TaskFeasibility.IsOnTray(table, index, trayIndex, within: 0.032)
                ? Steer(hand, new Aim(hand.X, hand.Y, HoverHeight, hand.Yaw), 0, gripper: 1)
                : Pick(table, index);
        }

        var tray = table.Trays[trayIndex];
        var support = TopOf(table, tray, index);
        var aim = new Aim(
            tray.X + hand.X - block.X,
            tray.Y + hand.Y - block.Y,
            support + ReleaseGap + hand.Z - block.Bottom,
            0
        );
        var off = Off(hand, aim);
        if (off < 0.012 && block.Bottom - support < 0.007)
            return Steer(hand, new Aim(hand.X, hand.Y, hand.Z, hand.Yaw), 0, gripper: 1);
        return Funnel(hand, aim, off, Math.Max(CarryHeight, support + 0.115), gripper: 0);
    }

    private static WorldAction Push(Tabletop table, int index, int direction)
    {
        ref readonly var hand = ref table.Gripper;
        var block = table.Blocks[index];
        if (IsAstride(table))
            return Steer(hand, new Aim(hand.X, hand.Y, HoverHeight, hand.Yaw), 0, gripper: 1);

        var (sin, cos) = Math.SinCos(Hand.QuarterTurn(block.Yaw));
        var contact = Block.Half * (cos + Math.Abs(sin)) + ClosedHalf;
        var gap = (block.X - hand.X) * direction - contact;
        var isBehind =
            gap is > -0.006 and < 0.04
            && Math.Abs(block.Y - hand.Y) < 0.014
            && hand.Z < PushHeight + 0.012
            && hand.Jaw < 0.02
            && Math.Abs(hand.Yaw) < 0.3;
        if (isBehind)
        {
            var onward = new Aim(RestX(hand) + direction * PushPerStep, block.Y, PushHeight, 0);
            return Steer(hand, onward, 0, gripper: 0);
        }

        var aim = new Aim(block.X - direction * (contact + PushGap), block.Y, PushHeight, 0);
        var off = Off(hand, aim) + 0.05 * Math.Max(0, Math.Abs(hand.Yaw) - 0.05) + Math.Max(0, hand.Jaw - 0.012);
        return Funnel(hand, aim, off, PushHeight + 0.075, gripper: 0);
    }

    private static WorldAction PutDown(Tabletop table)
    {
        ref readonly var hand = ref table.Gripper;
        var gap = table.Blocks[hand.Held].Bottom - table.SupportBelow(hand.Held);
        return gap < 0.006
            ? WorldAction.Rest(gripper: 1)
            : Steer(hand, new Aim(hand.X, hand.Y, hand.Z - gap, hand.Yaw), 0, gripper: 0);
    }

    /// <summary>Comes down as it comes near, and goes up before it goes sideways.</summary>
    private static WorldAction Funnel(in Gripper hand, Aim aim, double off, double highest, float gripper)
    {
        var height = Math.Min(highest, aim.Z + 3 * Math.Max(0, off - 0.008));
        return Steer(hand, aim with { Z = height }, height, gripper);
    }

    /// <param name="hand">Where it is.</param>
    /// <param name="aim">Where it shall come to rest.</param>
    /// <param name="free">Below this height it goes sideways the slower the lower it is.</param>
    /// <param name="gripper">0 or 1.</param>
    private static WorldAction Steer(in Gripper hand, Aim aim, double free, float gripper)
    {
        const double Rest = Gripper.LagSeconds;
        var x = aim.X - RestX(hand);
        var y = aim.Y - (hand.Y + hand.SpeedY * Rest);
        var z = aim.Z - (hand.Z + hand.SpeedZ * Rest);
        var yaw = aim.Yaw - (hand.Yaw + hand.SpeedYaw * Rest);
        var way = Math.Sqrt(x * x + y * y);
        var tooLow = Math.Clamp((free - hand.Z - 0.012) / 0.03, 0, 1);
        var fastest = WorldAction.MaximumMove * (1 - tooLow);
        var share = way > fastest ? fastest / way : 1;
        return new WorldAction(
            (float)(x * share),
            (float)(y * share),
            (float)Math.Clamp(z, -WorldAction.MaximumMove, WorldAction.MaximumMove),
            0,
            0,
            (float)Math.Clamp(yaw, -WorldAction.MaximumTurn, WorldAction.MaximumTurn),
            gripper
        );
    }

    private static double RestX(in Gripper hand) => hand.X + hand.SpeedX * Gripper.LagSeconds;

    private static double Off(in Gripper hand, in Aim aim)
    {
        double dx = aim.X - hand.X,
            dy = aim.Y - hand.Y;
        return Math.Sqrt(dx * dx + dy * dy);
    }

    /// <summary>
    /// The turn of the hand that faces a cube: the smallest, but near 45 degrees rather the one at hand.
    /// </summary>
    /// <remarks>
    /// A cube at 44 degrees looks the same as one at −46. A choice by the cube alone would turn a hand that has already
    /// gone the other way all the way back.
    /// </remarks>
    private static double Facing(double blockYaw, double handYaw)
    {
        const double Pull = 0.25;
        var one = Hand.QuarterTurn(blockYaw);
        var other = one - Math.CopySign(Math.PI / 2, one);
        return Cost(one) <= Cost(other) ? one : other;

        double Cost(double yaw) => yaw * yaw + Pull * (yaw - handYaw) * (yaw - handYaw);
    }

    /// <summary>True when the jaw is low over a block, which closing would take.</summary>
    private static bool IsAstride(Tabletop table)
    {
        ref readonly var hand = ref table.Gripper;
        if (hand.Jaw < 0.03)
            return false;
        foreach (ref readonly var block in table.Blocks)
        {
            var (u, v) = Hand.Local(hand, block);
            if (Math.Abs(u) < hand.Jaw / 2 && Math.Abs(v) < 0.04 && hand.Z - Gripper.TipBelow < block.Top + 0.005)
                return true;
        }

        return false;
    }

    /// <summary>How high a block put on a tray would stand: on the tray or on what is there already.</summary>
    private static double TopOf(Tabletop table, Tray tray, int held)
    {
        var top = Tray.Height;
        var place = new Footprint(tray.X, tray.Y, 0, Block.Half, Block.Half, 0, 1);
        for (var i = 0; i < table.Blocks.Length; i++)
        {
            if (i != held && place.Covers(Footprint.Of(table.Blocks[i])))
                top = Math.Max(top, table.Blocks[i].Top);
        }

        return top;
    }

    private readonly record struct Aim(double X, double Y, double Z, double Yaw);
}
