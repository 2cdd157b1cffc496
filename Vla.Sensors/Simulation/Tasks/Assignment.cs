namespace Vla.Sensors.Simulation.Tasks;

/// <summary>A task with the words it is given in.</summary>
/// <param name="Task">What to do.</param>
/// <param name="Instruction">What is said.</param>
internal sealed record Assignment(WorldTask Task, string Instruction)
{
    /// <summary>Chooses something that can be done on a table: first the kind, then one of its tasks.</summary>
    /// <param name="table">As it is now.</param>
    /// <param name="phrasing">Which words.</param>
    /// <param name="random">Decides.</param>
    /// <param name="weights">How often each kind is chosen, in the order of <see cref="TaskKind"/>; equal when left
    /// out.</param>
    public static Assignment Choose(
        Tabletop table,
        Phrasing phrasing,
        WorldRandom random,
        IReadOnlyList<double>? weights = null
    )
    {
        var offers = TaskFeasibility.Offers(table).ToLookup(task => task.Kind);
        var total = offers.Sum(kind => Weight(kind.Key));
        if (total <= 0)
            throw new InvalidOperationException("there is nothing that can be done on this table");

        var left = random.Between(0, total);
        var chosen = offers.First(kind => Weight(kind.Key) > 0);
        foreach (var kind in offers)
        {
            if (Weight(kind.Key) <= 0)
                continue;
            chosen = kind;
            left -= Weight(kind.Key);
            if (left < 0)
                break;
        }

        return Of(chosen.ElementAt(random.Below(chosen.Count())), table, phrasing, random);

        double Weight(TaskKind kind) => weights?[(int)kind] ?? 1;
    }

    /// <summary>Puts a task into words.</summary>
    public static Assignment Of(WorldTask task, Tabletop table, Phrasing phrasing, WorldRandom random) =>
        new(task, TaskWords.Say(table, task, phrasing, random));
}
