using Vla.Sensors.Simulation.Physics;

namespace Vla.Sensors.Simulation.Tasks;

/// <summary>Which tasks can be done on a table as it is, so that nobody is asked for the impossible.</summary>
internal static class TaskFeasibility
{
    /// <summary>How far a pushed block's way must be free, metres: the way to success and a margin.</summary>
    public const double PushWay = 0.09;

    /// <summary>How much room the hand needs behind a block to push it, metres from the block's middle.</summary>
    private const double Behind = 0.085;

    /// <summary>Half the width of the lane that must be free, to either side of the block's middle.</summary>
    private const double HalfLane = 0.055;

    /// <summary>How far one of two blocks of a colour must stay to its side of the other, metres.</summary>
    private const double BetweenTwins = 0.04;

    private const double Standing = 0.005;

    /// <summary>The tasks that can be done, and are not done already.</summary>
    public static IEnumerable<WorldTask> Offers(Tabletop table) =>
        WorldTask.All(table).Where(task => CanDo(table, task));

    public static bool CanDo(Tabletop table, in WorldTask task) =>
        InReach(table, task.Block)
        && TaskWords.CanName(table, task.Block)
        && task.Kind switch
        {
            TaskKind.Put => !IsOnTray(table, task.Block, task.Tray)
                && KeepsItsName(table, task.Block, table.Trays[task.Tray].X),
            TaskKind.Push => CanPush(table, task.Block, task.Direction)
                && KeepsItsName(table, task.Block, table.Blocks[task.Block].X + task.Direction * PushWay),
            _ => true,
        };

    /// <summary>True when the block rests on the tray, in the middle enough for <see cref="TaskKind.Put"/>.</summary>
    internal static bool IsOnTray(Tabletop table, int block, int tray, double within = TaskJudge.PutWithin)
    {
        var (place, target) = (table.Blocks[block], table.Trays[tray]);
        return table.Gripper.Held != block
            && Math.Abs(place.X - target.X) <= within
            && Math.Abs(place.Y - target.Y) <= within
            && place.Bottom - table.SupportBelow(block) < Standing;
    }

    private static bool InReach(Tabletop table, int index)
    {
        // A closed hand pushes from beside the block, so it must reach a little further than the block is.
        var block = table.Blocks[index];
        if (block.X is < Gripper.MinimumX or > Gripper.MaximumX || block.Y is < Gripper.MinimumY or > Gripper.MaximumY)
            return false;
        for (var i = 0; i < table.Blocks.Length; i++)
        {
            if (
                i != index
                && table.Blocks[i].Bottom >= block.Top - Standing
                && Footprint.Of(table.Blocks[i]).Covers(Footprint.Of(block))
            )
            {
                return false; // Something stands on it.
            }
        }

        return true;
    }

    /// <summary>
    /// True when a block that is the left of two remains so at another place, and the right one likewise.
    /// </summary>
    /// <remarks>Otherwise an instruction would mean the other block halfway through.</remarks>
    private static bool KeepsItsName(Tabletop table, int index, double x)
    {
        var block = table.Blocks[index];
        for (var i = 0; i < table.Blocks.Length; i++)
        {
            var other = table.Blocks[i];
            if (
                i != index
                && other.Colour == block.Colour
                && (x - other.X) * Math.Sign(block.X - other.X) < BetweenTwins
            )
                return false;
        }

        return true;
    }

    private static bool CanPush(Tabletop table, int index, int direction)
    {
        var block = table.Blocks[index];
        if (table.Gripper.Held == index || block.Bottom > Standing)
            return false;
        var start = block.X - direction * Behind;
        var end = block.X + direction * (PushWay + Block.Half);
        if (start is < Gripper.MinimumX or > Gripper.MaximumX)
            return false;
        if (Math.Abs(end) > Tabletop.TableHalfWidth - Block.Half)
            return false;

        for (var i = 0; i < table.Blocks.Length; i++)
        {
            if (i == index)
                continue;
            if (InLane(table.Blocks[i].X, table.Blocks[i].Y, Block.Half * Math.Sqrt(2), block, start, end))
                return false;
        }

        foreach (var tray in table.Trays)
        {
            // The hand is higher than a tray; the block is not.
            if (InLane(tray.X, tray.Y, Tray.Half, block, block.X, end))
                return false;
        }

        return true;
    }

    private static bool InLane(double x, double y, double half, in Block block, double from, double to) =>
        Math.Abs(y - block.Y) < HalfLane - Block.Half + half
        && x + half > Math.Min(from, to)
        && x - half < Math.Max(from, to);
}
