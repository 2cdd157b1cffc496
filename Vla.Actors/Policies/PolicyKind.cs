using System.Text.Json;

namespace Vla.Actors.Policies;

/// <summary>What a policy directory's <c>config.json</c> says it is, before anything else of it is read.</summary>
/// <param name="Format">Whose form the directory has.</param>
/// <param name="Type">The type that it names there; empty for none.</param>
public sealed record PolicyKind(PolicyFormat Format, string Type)
{
    /// <summary>What every family's directory has.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>Where the weights are, in Vla's own form and in LeRobot's.</summary>
    public const string WeightsFile = "model.safetensors";

    /// <param name="directory">The policy directory.</param>
    /// <exception cref="PolicyException">There is no such directory, or its <c>config.json</c> cannot be read or is not
    /// JSON.</exception>
    public static PolicyKind Of(string directory)
    {
        // An address, or dll:FILE: what some commands take, and what has no directory.
        if (directory.Contains("://", StringComparison.Ordinal) && !Directory.Exists(directory))
        {
            throw new PolicyException(
                $"'{Checkpoints.ErrorText.Bounded(directory)}' is an address, and here the directory of a policy is "
                    + "wanted, whose weights are on this machine"
            );
        }

        if (!Directory.Exists(directory))
        {
            throw new PolicyException(
                $"{directory}: is not a directory; a policy is a directory with {ConfigFile} and the weights beside "
                    + "it: "
                    + "Vla's own, or another family's as it was saved (docs/policies.md)"
            );
        }

        WorkStep.Begin($"reading {ConfigFile}");
        using var document = Policies.ConfigFile.Parse(Path.Combine(directory, ConfigFile));
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            return new PolicyKind(PolicyFormat.Vla, "");
        if (root.TryGetProperty("input_features", out _) || root.TryGetProperty("input_shapes", out _))
            return new PolicyKind(PolicyFormat.LeRobot, Text("type"));
        if (root.TryGetProperty("architectures", out _) || root.TryGetProperty("model_type", out _))
            return new PolicyKind(PolicyFormat.Transformers, Text("model_type"));
        return new PolicyKind(PolicyFormat.Vla, root.TryGetProperty("stages", out _) ? "" : Text("type"));

        string Text(string key) =>
            root.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : "";
    }
}

/// <summary>Whose form a policy directory has.</summary>
public enum PolicyFormat
{
    /// <summary>
    /// Vla's own: <c>config.json</c> with <c>stages</c>, or with a <c>type</c> that somebody's family knows.
    /// </summary>
    Vla,

    /// <summary>As LeRobot saves it: <c>config.json</c> with <c>input_features</c>.</summary>
    LeRobot,

    /// <summary>As Hugging Face's transformers saves a model.</summary>
    Transformers,
}
