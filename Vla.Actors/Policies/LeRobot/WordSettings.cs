namespace Vla.Actors.Policies.LeRobot;

/// <summary>How a LeRobot policy's words become token ids, as its <c>tokenizer_processor</c> says.</summary>
/// <param name="MaximumLength">Token ids that are read; null where it does not say.</param>
/// <param name="Folder">Where in the policy's directory the tokenizer is; null where it is not said.</param>
/// <param name="Name">Of the model whose tokenizer it is; null where it is not said.</param>
internal sealed record WordSettings(int? MaximumLength, string? Folder, string? Name)
{
    private const int LongestName = 1_000;
    private const int LongestText = 4_096;

    /// <param name="step">The processor's step.</param>
    /// <exception cref="PolicyException">A value is malformed, or leads out of the policy's directory.</exception>
    public static WordSettings Read(ConfigSection step)
    {
        var config = step.Section("config");
        var folder = step.OptionalSection("artifacts")?.OptionalText("tokenizer_name", LongestName);
        return new WordSettings(
            config.Has("max_length") ? config.Integer("max_length", 1, LongestText) : null,
            folder is null ? null : step.InDirectory("artifacts", folder),
            config.OptionalText("tokenizer_name", LongestName)
        );
    }
}
