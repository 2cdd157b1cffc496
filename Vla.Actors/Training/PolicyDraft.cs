using System.Text.Json;
using System.Text.Json.Nodes;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Sensors.Text;

namespace Vla.Actors.Training;

/// <summary>
/// Writes what of a policy is known before it is trained: <c>config.json</c> with the data's scales, and
/// <c>vocab.txt</c>.
/// </summary>
internal static class PolicyDraft
{
    private const string Trained = "trained";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="template">A policy's <c>config.json</c>: stages, picture, names; its comments are not kept.</param>
    /// <param name="directory">Receives both files.</param>
    /// <param name="set">Gives scales and words.</param>
    /// <param name="columns">What the template leaves open.</param>
    /// <exception cref="PolicyException">The template cannot be read, or has too few words for the data.</exception>
    public static void Write(string template, string directory, TrainingSet set, DataColumns columns)
    {
        string[] words = [.. Words(set)];
        var config = TrainingTemplate.Filled(template, columns, words.Length);
        PolicyConfig.Read(template, config);
        CheckWords(template, config, words.Length);
        var statistics = SetStatistics.Of(set);
        // Until a step of training is saved.
        config[Trained] = false;
        config.Remove("note");
        if (config["state"] is JsonObject state)
            Put(state, statistics.State);
        var action = config["action"]!.AsObject();
        Put(action, statistics.Action);
        action["step_ms"] = columns.StepMs;
        PutSource(config["image"]!.AsObject(), columns.Picture);
        DurableFile.Write(Path.Combine(directory, StagedPolicy.ConfigFile), config.ToJsonString(Indented) + "\n");
        DurableFile.Write(
            Path.Combine(directory, StagedPolicy.VocabularyFile),
            string.Concat(words.Select(word => $"{word}\n"))
        );
    }

    private static void CheckWords(string template, JsonObject config, int words)
    {
        if (
            config["stages"]?[PolicyConfig.LanguageKey]?["vocab_size"] is JsonValue value
            && value.TryGetValue<int>(out var size)
            && size < words
        )
        {
            throw new PolicyException(
                $"{template}: stages.{PolicyConfig.LanguageKey}.vocab_size is {size}, the data have {words} words; "
                    + "raise it, or leave it out"
            );
        }
    }

    /// <summary>Notes in a draft's <c>config.json</c> that the weights beside it have been trained.</summary>
    public static void MarkTrained(string directory)
    {
        var file = Path.Combine(directory, StagedPolicy.ConfigFile);
        var config = JsonNode.Parse(Utf8Text.ReadBytes(file).Span)!.AsObject();
        if (config[Trained]?.GetValueKind() == JsonValueKind.True)
            return;
        config[Trained] = true;
        DurableFile.Write(file, config.ToJsonString(Indented) + "\n");
    }

    private static void PutSource(JsonObject image, (int Width, int Height)? picture)
    {
        // The template's own would be those of another training.
        image.Remove(PolicyConfig.SourceHeightKey);
        image.Remove(PolicyConfig.SourceWidthKey);
        if (picture is not { } size)
            return;
        image[PolicyConfig.SourceHeightKey] = size.Height;
        image[PolicyConfig.SourceWidthKey] = size.Width;
    }

    private static void Put(JsonObject section, IReadOnlyList<DimensionScale> scales)
    {
        section["mean"] = new JsonArray([.. scales.Select(scale => (JsonNode)Rounded(scale.Mean))]);
        section["std"] = new JsonArray([.. scales.Select(scale => (JsonNode)Rounded(scale.Std))]);
    }

    // Six decimals, and as many digits of what is smaller: a scale that is rounded to nothing would be one.
    private static double Rounded(float value) =>
        value == 0 ? 0 : Math.Round(value, Math.Clamp(5 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 6, 15));

    private static IEnumerable<string> Words(TrainingSet set) =>
        [
            InstructionTokenizer.PadToken,
            InstructionTokenizer.UnknownToken,
            .. set
                .Instructions.SelectMany(InstructionTokenizer.Words)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
}
