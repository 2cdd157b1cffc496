namespace Vla.Actors.Chunks;

/// <summary>How a policy wants its action chunks to be carried out.</summary>
public sealed record ChunkExecution
{
    /// <summary>The paper's value of <see cref="EnsembleDecay"/> (ACT, arXiv:2304.13705).</summary>
    public const double DefaultEnsembleDecay = 0.01;

    /// <summary>Always the freshest plan, each in the place of the one before.</summary>
    public static ChunkExecution Freshest { get; } = new();

    /// <summary>
    /// How many actions of a chunk are carried out before the next chunk takes over, 1 to the horizon; null to plan
    /// anew all the time.
    /// </summary>
    public int? Execute { get; init; }

    /// <summary>How a chunk goes on from the one before.</summary>
    public ChunkBlend Blend { get; init; }

    /// <summary>
    /// m of the ensemble's weights exp(−m·i), where i counts the chunks from the oldest: above 0 the older count for
    /// more, below 0 the newer.
    /// </summary>
    public double EnsembleDecay { get; init; } = DefaultEnsembleDecay;

    /// <summary>
    /// Whether the ensemble takes a chunk up to its last action, as ACT does, however old its picture is by then; one
    /// plan for each step at most. The newest chunk's picture may be no older all the same.
    /// </summary>
    public bool EnsemblesWholeChunks { get; init; }

    /// <summary>
    /// Indices of the dimensions that are either/or, like a gripper that opens or closes; never blended.
    /// </summary>
    public IReadOnlyList<int> Binary { get; init; } = [];
}

/// <summary>What a new chunk does to the ones before it.</summary>
public enum ChunkBlend
{
    /// <summary>It takes their place.</summary>
    Switch,

    /// <summary>The action due is the weighted mean over all chunks that have one for now.</summary>
    Ensemble,
}
