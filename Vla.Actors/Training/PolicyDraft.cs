using System.Text.Json;
using System.Text.Json.Nodes;
using Vla.Actors.Policies;
using Vla.Sensors.Text;

namespace Vla.Actors.Training;

/// <summary>Writes what of a policy is known before it is trained: <c>config.json</c> with the data's scales, and <c>vocab.txt</c>.</summary>
internal static class PolicyDraft
{
    private const string Trained = "trained";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly JsonDocumentOptions WithComments = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <param name="template">A policy's <c>config.json</c>: stages, picture, names; its comments are not kept.</param>
    /// <param name="directory">Receives both files.</param>
    /// <param name="set">Gives scales and words.</param>
    /// <param name="stepMs">Time from one recorded action to the next, milliseconds.</param>
    /// <exception cref="PolicyException">The template cannot be read.</exception>
    public static void Write(string template, string directory, TrainingSet set, double stepMs)
    {
        PolicyConfig.Read(template);
        var config = JsonNode.Parse(Utf8Text.ReadBytes(template).Span, documentOptions: WithComments)!.AsObject();
        var statistics = SetStatistics.Of(set);
        // Until a step of training is saved.
        config[Trained] = false;
        config.Remove("note");
        if (config["state"] is JsonObject state) Put(state, statistics.State);
        var action = config["action"]!.AsObject();
        Put(action, statistics.Action);
        action["step_ms"] = stepMs;
        File.WriteAllText(Path.Combine(directory, Policy.ConfigFile), config.ToJsonString(Indented) + "\n");
        File.WriteAllLines(Path.Combine(directory, Policy.VocabularyFile), Words(set));
    }

    /// <summary>Notes in a draft's <c>config.json</c> that the weights beside it have been trained.</summary>
    public static void MarkTrained(string directory)
    {
        var file = Path.Combine(directory, Policy.ConfigFile);
        var config = JsonNode.Parse(File.ReadAllText(file), documentOptions: WithComments)!.AsObject();
        if (config[Trained]?.GetValueKind() == JsonValueKind.True) return;
        config[Trained] = true;
        var partial = $"{file}.partial";
        File.WriteAllText(partial, config.ToJsonString(Indented) + "\n");
        File.Move(partial, file, overwrite: true);
    }

    private static void Put(JsonObject section, IReadOnlyList<DimensionScale> scales)
    {
        section["mean"] = new JsonArray([.. scales.Select(scale => (JsonNode)Rounded(scale.Mean))]);
        section["std"] = new JsonArray([.. scales.Select(scale => (JsonNode)Rounded(scale.Std))]);
    }

    private static double Rounded(float value) => Math.Round(value, 6);

    private static IEnumerable<string> Words(TrainingSet set) =>
    [
        InstructionTokenizer.PadToken, InstructionTokenizer.UnknownToken,
        .. set.Instructions.SelectMany(InstructionTokenizer.Words).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];
}
