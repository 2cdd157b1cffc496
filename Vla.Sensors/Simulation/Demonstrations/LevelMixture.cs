namespace Vla.Sensors.Simulation.Demonstrations;

/// <summary>Which levels the tables of demonstrations are of, by their number.</summary>
internal sealed record LevelMixture
{
    /// <summary>Every third table the easier one, the others the harder: what is harder takes more practice.</summary>
    public static readonly LevelMixture Both = new("both", [WorldLevel.Level1, WorldLevel.Level2, WorldLevel.Level2]);

    public static readonly LevelMixture Level1 = new("level1", [WorldLevel.Level1]);

    public static readonly LevelMixture Level2 = new("level2", [WorldLevel.Level2]);

    private readonly WorldLevel[] _turns;

    private LevelMixture(string name, WorldLevel[] turns) => (Name, _turns) = (name, turns);

    public static IReadOnlyList<LevelMixture> All { get; } = [Level1, Level2, Both];

    /// <summary><c>level1</c>, <c>level2</c> or <c>both</c>.</summary>
    public string Name { get; }

    /// <summary>The mixture of a name; null when there is none.</summary>
    public static LevelMixture? Find(string name) => All.FirstOrDefault(mixture => mixture.Name == name);

    /// <param name="episode">From 0.</param>
    public WorldLevel Of(int episode) => _turns[episode % _turns.Length];

    public override string ToString() => Name;
}
