using System.Text.Json.Nodes;
using Vla.Actors.Policies.Staged;

namespace Vla.Actors.Training;

/// <summary>What data hold, for a policy that leaves its dimensions to them.</summary>
/// <param name="State">Names and units of the numbers of robot state; empty for none.</param>
/// <param name="Action">Names and units of the numbers of an action.</param>
/// <param name="StepMs">Time from one action to the next, milliseconds.</param>
internal sealed record DataColumns(IReadOnlyList<DataColumn> State, IReadOnlyList<DataColumn> Action, double StepMs)
{
    /// <summary>Pixels of the camera's pictures; null where the data do not say.</summary>
    public (int Width, int Height)? Picture { get; init; }

    /// <summary>Pixels of each camera's pictures, by its name; none where the data do not say.</summary>
    public IReadOnlyDictionary<string, (int Width, int Height)> Sizes { get; init; } =
        new Dictionary<string, (int Width, int Height)>();

    /// <summary>Names of the cameras in the data.</summary>
    public IReadOnlyList<string> Cameras { get; init; } = [];

    /// <summary>Those that the policy shall see, whatever its template says; null for what it says.</summary>
    public IReadOnlyList<string>? WantedCameras { get; init; }
}

/// <summary>A number in data: <c>x</c>, in <c>m</c>; 1 where the data do not say.</summary>
internal readonly record struct DataColumn(string Name, string Unit = "1");

/// <summary>Fills in what a policy's <c>config.json</c> leaves open before it is trained.</summary>
/// <remarks>
/// Names, units, scales and times come from the data, and the sizes of stages that follow from them: <c>action_dim</c>,
/// <c>state_dim</c>, <c>horizon</c> of a decoder and <c>vocab_size</c>. <c>"images": "dataset"</c> becomes the data's
/// cameras; where that makes more pictures of one, <c>rows</c> of a slot attention grow with them. What else is there
/// stays.
/// </remarks>
internal static class OpenTemplate
{
    private const string Names = "names";
    private const string Images = "images";
    private const string AllOfDataset = "dataset";

    /// <summary>Actions in a chunk where nobody says, of a decoder that gives chunks.</summary>
    private const int ActHorizon = 10;

    /// <param name="config">Changed.</param>
    /// <param name="columns">The data's.</param>
    /// <param name="words">Tokens in the vocabulary.</param>
    public static void Fill(JsonObject config, DataColumns columns, int words)
    {
        var pictures = PictureCount(config);
        if (config[Images] is JsonValue images && images.TryGetValue<string>(out var from) && from == AllOfDataset)
            config[Images] = new JsonArray([.. columns.Cameras.Select(name => (JsonNode)name)]);
        if (columns.WantedCameras is { } wanted)
            config[Images] = new JsonArray([.. wanted.Select(name => (JsonNode)name)]);
        Stretch(config, pictures, PictureCount(config));
        var action = Section(config, "action");
        FillColumns(action, columns.Action);
        action["step_ms"] ??= columns.StepMs;
        if (config.ContainsKey("state"))
            FillColumns(Section(config, "state"), columns.State);
        if (config["stages"] is not JsonObject stages)
            return;

        var decoder = stages[PolicyConfig.DecoderKey] as JsonObject;
        action["horizon"] ??=
            decoder?["horizon"]?.DeepClone() ?? (decoder is not null && TypeOf(decoder) == "act" ? ActHorizon : 1);
        if (decoder is not null && TypeOf(decoder) != StageTypes.TorchScript)
        {
            decoder["action_dim"] ??= Count(action);
            if (TypeOf(decoder) == "act")
                decoder["horizon"] ??= action["horizon"]!.DeepClone();
        }

        if (
            stages[PolicyConfig.FusionKey] is JsonObject fusion
            && TypeOf(fusion) is "film" or "cross_attention" or "slot_attention"
            && config["state"] is JsonObject state
            && Count(state) > 0
        )
        {
            ((JsonObject)stages[PolicyConfig.FusionKey]!)["state_dim"] ??= Count(state);
        }

        if (
            stages[PolicyConfig.LanguageKey] is JsonObject language
            && TypeOf(language) is "simple_language" or "bert" or "gpt2"
        )
            ((JsonObject)stages[PolicyConfig.LanguageKey]!)["vocab_size"] ??= words;
    }

    private static int PictureCount(JsonObject config) =>
        config[Images] is JsonArray { Count: > 0 } names ? names.Count : 1;

    /// <summary>Slots look at the pictures one below the other: more of them are more rows.</summary>
    private static void Stretch(JsonObject config, int before, int after)
    {
        if (
            before == after
            || (config["stages"] as JsonObject)?[PolicyConfig.FusionKey] is not JsonObject fusion
            || TypeOf(fusion) != "slot_attention"
        )
            return;
        if (fusion["rows"] is JsonValue value && value.TryGetValue<int>(out var rows))
            fusion["rows"] = rows / before * after;
    }

    private static JsonObject Section(JsonObject config, string key)
    {
        if (config[key] is JsonObject section)
            return section;
        // Something else than an object is left for the reader to refuse by name.
        if (config[key] is not null)
            return [];
        return (JsonObject)(config[key] = new JsonObject());
    }

    private static void FillColumns(JsonObject section, IReadOnlyList<DataColumn> columns)
    {
        section[Names] ??= new JsonArray([.. columns.Select(column => (JsonNode)column.Name)]);
        if (section[Names] is not JsonArray names)
            return;
        section["units"] ??= new JsonArray([.. names.Select(name => (JsonNode)UnitOf(name))]);
        section["mean"] ??= new JsonArray([.. names.Select(_ => (JsonNode)0)]);
        section["std"] ??= new JsonArray([.. names.Select(_ => (JsonNode)1)]);

        string UnitOf(JsonNode? name)
        {
            var text = name is JsonValue value && value.TryGetValue<string>(out var given) ? given : "";
            return columns.Where(column => column.Name == text).Select(column => column.Unit).FirstOrDefault() ?? "1";
        }
    }

    private static int Count(JsonObject section) => section[Names] is JsonArray names ? names.Count : 0;

    private static string? TypeOf(JsonObject stage) =>
        stage["type"] is JsonValue value && value.TryGetValue<string>(out var type) ? type : null;
}
