namespace Vla.Actors.Policies;

/// <summary>What whoever runs a policy chooses of it, where its directory leaves a choice; null for nothing.</summary>
public sealed record PolicyChoices
{
    /// <summary>Nothing is chosen.</summary>
    public static PolicyChoices None { get; } = new();

    /// <summary>What its chance begins with, so that a run can be repeated.</summary>
    public long? Seed { get; init; }

    /// <summary>Whether a chunk is made to go on from the one before it.</summary>
    public bool? RealTimeChunking { get; init; }

    /// <summary>The data set by whose statistics its actions are brought to the robot's units.</summary>
    public string? UnnormKey { get; init; }

    /// <summary>Refuses what was chosen and a policy has no choice of.</summary>
    /// <param name="who">The policy's directory, for the message.</param>
    /// <param name="takes">What it has a choice of: the names of this record's properties.</param>
    /// <exception cref="PolicyException">Something else was chosen.</exception>
    public void RequireOnly(string who, params ReadOnlySpan<string> takes)
    {
        var takesSeed = takes.Contains(nameof(Seed));
        var takesChunking = takes.Contains(nameof(RealTimeChunking));
        var takesKey = takes.Contains(nameof(UnnormKey));
        if (Seed is not null && !takesSeed)
            throw new PolicyException($"{who}: leaves nothing to chance: leave policySeed (--policy-seed) out");
        if (RealTimeChunking is not null && !takesChunking)
            throw new PolicyException(
                $"{who}: does not make its chunks go on from each other: leave realTimeChunking "
                    + "(--real-time-chunking) out"
            );
        if (UnnormKey is not null && !takesKey)
            throw new PolicyException($"{who}: has no data sets to choose from: leave unnormKey (--unnorm-key) out");
    }
}
