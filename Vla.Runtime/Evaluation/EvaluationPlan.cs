using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Runtime.Evaluation;

/// <summary>Which episodes a policy is tried on.</summary>
internal sealed record EvaluationPlan
{
    /// <summary>Evaluation's tables begin at this seed; demonstrations are recorded on those below it.</summary>
    public const long FirstWorldSeed = 1_000_000_000;

    /// <summary>How many tables each <see cref="Seed"/> has for itself.</summary>
    public const long WorldSeedsEach = 1_000_000;

    public const int MostEpisodes = 100_000;

    public const long LargestSeed = 1_000_000;

    private const int TaskStream = 7;

    /// <summary>1 to <see cref="MostEpisodes"/>; the four kinds of tasks in equal parts.</summary>
    public required int Episodes { get; init; }

    /// <summary>0 to <see cref="LargestSeed"/>: others have other tables, the same has the same.</summary>
    public long Seed { get; init; }

    public WorldLevel Level { get; init; } = WorldLevel.Level1;

    /// <summary>The same tables and tasks are said in either.</summary>
    public Phrasing Phrasing { get; init; } = Phrasing.Train;

    /// <summary>Chooses tables and tasks; a table that has no task of the kind that is due is passed over.</summary>
    public IReadOnlyList<Episode> Lay()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Episodes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Episodes, MostEpisodes);
        ArgumentOutOfRangeException.ThrowIfNegative(Seed);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Seed, LargestSeed);

        var kinds = Enum.GetValues<TaskKind>();
        var episodes = new List<Episode>(Episodes);
        for (var worldSeed = FirstWorldSeed + Seed * WorldSeedsEach; episodes.Count < Episodes; worldSeed++)
        {
            var table = Tabletop.Create(worldSeed, Level);
            var kind = kinds[episodes.Count % kinds.Length];
            var offers = TaskFeasibility.Offers(table).Where(task => task.Kind == kind).ToArray();
            if (offers.Length == 0)
                continue;

            var random = new WorldRandom(worldSeed, TaskStream);
            var task = offers[random.Below(offers.Length)];
            episodes.Add(new Episode(episodes.Count, worldSeed, Level, Assignment.Of(task, table, Phrasing, random)));
        }

        return episodes;
    }
}

/// <summary>A table, and what is to be done on it.</summary>
/// <param name="Number">From 0.</param>
/// <param name="WorldSeed">Of the table.</param>
/// <param name="Level">Of the table.</param>
/// <param name="Assignment">The task and its words.</param>
internal sealed record Episode(int Number, long WorldSeed, WorldLevel Level, Assignment Assignment)
{
    /// <summary>The table as it is when the episode begins.</summary>
    public Tabletop Lay() => Tabletop.Create(WorldSeed, Level);
}
