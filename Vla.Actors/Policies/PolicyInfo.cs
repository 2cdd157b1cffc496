namespace Vla.Actors.Policies;

/// <summary>What a policy says about itself, for status and log.</summary>
public sealed record PolicyInfo
{
    /// <summary>Short: <c>notebook</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One sentence; empty when the policy gives none.</summary>
    public required string Description { get; init; }

    /// <summary>
    /// False when the weights are random, so that nobody expects sense of them; null when it does not say.
    /// </summary>
    public required bool? Trained { get; init; }

    /// <summary>What a user has to know; empty when there is nothing.</summary>
    public required string Note { get; init; }

    /// <summary>The type of each stage in <c>config.json</c>, by the stage's key there.</summary>
    public required IReadOnlyDictionary<string, string> StageTypes { get; init; }

    /// <summary>Of a directory in its authors' form, which says nothing of itself: called as the directory.</summary>
    internal static PolicyInfo Of(
        string directory,
        string description,
        IReadOnlyDictionary<string, string> stageTypes
    ) =>
        new()
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory))),
            Description = description,
            Trained = null,
            Note = "",
            StageTypes = stageTypes,
        };
}
