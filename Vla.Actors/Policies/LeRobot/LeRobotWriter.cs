using System.Text.Json;
using System.Text.Json.Nodes;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.LeRobot;

/// <summary>Writes the processors' files of a LeRobot policy as LeRobot itself saves and loads them.</summary>
/// <remarks>Rename, batch axis, device and scaling before the model; scaling back and device after it.</remarks>
internal static class LeRobotWriter
{
    private const string Before = "policy_preprocessor";
    private const string After = "policy_postprocessor";
    private const string BeforeState = Before + "_step_3_normalizer_processor.safetensors";
    private const string AfterState = After + "_step_0_unnormalizer_processor.safetensors";
    private const double Eps = 1e-8;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="directory">The policy's.</param>
    /// <param name="inputs">As <c>input_features</c> of <c>config.json</c> has them, in its order.</param>
    /// <param name="action">What it gives.</param>
    /// <param name="scaling"><c>normalization_mapping</c> of <c>config.json</c>.</param>
    /// <param name="statistics">By <c>FEATURE.STATISTIC</c>: <c>action.mean</c>; borrowed.</param>
    /// <exception cref="CheckpointException">A file cannot be written.</exception>
    public static void WriteProcessors(
        string directory,
        IReadOnlyList<LeRobotFeature> inputs,
        LeRobotFeature action,
        JsonObject scaling,
        IReadOnlyDictionary<string, Tensor> statistics
    )
    {
        WriteJson(
            directory,
            Before,
            [
                Step("rename_observations_processor", new JsonObject { ["rename_map"] = new JsonObject() }),
                Step("to_batch_processor", []),
                Device(),
                Step("normalizer_processor", Scaling([.. inputs, action], scaling), BeforeState),
            ]
        );
        WriteJson(directory, After, [Step("unnormalizer_processor", Scaling([action], scaling), AfterState), Device()]);
        SafetensorsWriter.Write(Path.Combine(directory, BeforeState), statistics);
        SafetensorsWriter.Write(Path.Combine(directory, AfterState), statistics);
    }

    /// <summary>Features as <c>config.json</c> and the processors have them.</summary>
    public static JsonObject Features(IEnumerable<LeRobotFeature> features)
    {
        var all = new JsonObject();
        foreach (var feature in features)
        {
            all[feature.Key] = new JsonObject
            {
                ["type"] = feature.Kind.ToString().ToUpperInvariant(),
                ["shape"] = new JsonArray([.. feature.Shape.Select(size => (JsonNode)size)]),
            };
        }

        return all;
    }

    private static JsonObject Scaling(IEnumerable<LeRobotFeature> features, JsonObject map) =>
        new()
        {
            ["eps"] = Eps,
            ["features"] = Features(features),
            ["norm_map"] = map.DeepClone(),
        };

    private static JsonObject Device() =>
        Step("device_processor", new JsonObject { ["device"] = "cpu", ["float_dtype"] = null });

    private static JsonObject Step(string name, JsonObject config, string? state = null)
    {
        var step = new JsonObject { ["registry_name"] = name, ["config"] = config };
        if (state is not null)
            step["state_file"] = state;
        return step;
    }

    private static void WriteJson(string directory, string name, JsonArray steps) =>
        File.WriteAllText(
            Path.Combine(directory, $"{name}.json"),
            new JsonObject { ["name"] = name, ["steps"] = steps }.ToJsonString(Indented)
        );
}
