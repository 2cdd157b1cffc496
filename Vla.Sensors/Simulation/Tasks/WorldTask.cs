namespace Vla.Sensors.Simulation.Tasks;

/// <summary>What kinds of things there are to do.</summary>
public enum TaskKind
{
    /// <summary>Bring the hand above a block and keep it there.</summary>
    Reach,

    /// <summary>Lift a block off the table.</summary>
    Pick,

    /// <summary>Put a block on a tray and leave it there.</summary>
    Put,

    /// <summary>Move a block to the left or the right without lifting it.</summary>
    Push,
}

/// <summary>One thing to do on a particular table, whatever the words for it.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Block">Index of the block that it is about.</param>
/// <param name="Tray">Index of the tray, for <see cref="TaskKind.Put"/>; −1 otherwise.</param>
/// <param name="Direction">−1 left, 1 right, for <see cref="TaskKind.Push"/>; 0 otherwise.</param>
public readonly record struct WorldTask(TaskKind Kind, int Block, int Tray = -1, int Direction = 0)
{
    /// <summary>Every task that makes sense on a table, whether or not it can be done there.</summary>
    public static IEnumerable<WorldTask> All(Tabletop table)
    {
        for (var block = 0; block < table.Blocks.Length; block++)
        {
            yield return new WorldTask(TaskKind.Reach, block);
            yield return new WorldTask(TaskKind.Pick, block);
            for (var tray = 0; tray < table.Trays.Count; tray++)
                yield return new WorldTask(TaskKind.Put, block, Tray: tray);
            yield return new WorldTask(TaskKind.Push, block, Direction: -1);
            yield return new WorldTask(TaskKind.Push, block, Direction: 1);
        }
    }
}
