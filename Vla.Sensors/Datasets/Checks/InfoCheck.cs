using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Vla.Sensors.Datasets.Checks;

/// <summary><c>meta/info.json</c>: what must be there, and what it may be.</summary>
internal static class InfoCheck
{
    public const string File = "meta/info.json";

    private const int MostAxes = 5;

    private static readonly string[] Known =
    [
        "codebase_version",
        "fps",
        "features",
        "total_episodes",
        "total_frames",
        "total_tasks",
        "chunks_size",
        "data_files_size_in_mb",
        "video_files_size_in_mb",
        "data_path",
        "video_path",
        "robot_type",
        "splits",
        "tools",
    ];

    // Of version 2, which has them.
    private static readonly string[] KnownBefore = ["total_chunks", "total_videos"];

    private static readonly string[] Types =
    [
        .. DatasetFeature.FractionTypes,
        .. DatasetFeature.WholeTypes,
        "string",
        "image",
        "video",
        "language",
    ];

    /// <returns>What it says; null when nothing can be read by it.</returns>
    public static DatasetInfo? Run(string directory, FindingLog log)
    {
        DatasetInfo info;
        try
        {
            info = DatasetInfo.Read(directory);
        }
        catch (DatasetException exception)
        {
            log.Fault(File, "unreadable", exception.Message);
            // What else is wrong is still worth knowing.
            if (Parse(directory) is { } json)
                LookAt(json, log);
            return null;
        }

        if (Parse(directory) is { } whole)
            LookAt(whole, log);
        if (info.IsOld)
            log.Note(File, "old", $"format {info.CodebaseVersion}: today's LeRobot wants it converted to v3.0");
        return info;
    }

    private static JsonObject? Parse(string directory)
    {
        try
        {
            return JsonNode.Parse(System.IO.File.ReadAllText(Path.Combine(directory, "meta", "info.json")))
                as JsonObject;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or IOException)
        {
            return null;
        }
    }

    private static void LookAt(JsonObject json, FindingLog log)
    {
        foreach (var name in (string[])["chunks_size", "data_files_size_in_mb", "video_files_size_in_mb"])
        {
            if (json.ContainsKey(name) && Number(json[name]) is not > 0)
                log.Fault(File, name, $"{name} is {Shown(json[name])}; it must be above 0");
        }

        foreach (var name in (string[])["total_episodes", "total_frames", "total_tasks"])
        {
            if (json.ContainsKey(name) && (Number(json[name]) is not { } count || count < 0 || count % 1 != 0))
                log.Fault(File, name, $"{name} is {Shown(json[name])}; it must be a whole number");
            else if (!json.ContainsKey(name))
                log.Fault(File, name, $"{name} is missing: LeRobot takes it for 0, and finds nothing");
        }

        if (json["features"] is JsonObject features)
        {
            foreach (var (name, feature) in features)
                LookAtFeature(name, feature, log);
            foreach (var standard in DatasetFeature.Standard.Where(one => !features.ContainsKey(one.Name)))
                log.Fault(File, "standard", $"feature {standard.Name} is missing, which every dataset has");
        }

        LookAtPaths(json, log);
        string[] unknown = [.. json.Select(pair => pair.Key).Except([.. Known, .. KnownBefore])];
        if (unknown.Length > 0)
            log.Note(File, "unknown", $"LeRobot does not know {string.Join(", ", unknown)}, and passes it over");
    }

    private static void LookAtPaths(JsonObject json, FindingLog log)
    {
        var hasVideos =
            json["features"] is JsonObject features
            && features.Any(pair => pair.Value is JsonObject one && Text(one["dtype"]) == "video");
        foreach (var name in (string[])["data_path", "video_path"])
        {
            if (!json.ContainsKey(name) || (name == "video_path" && !hasVideos))
                continue;
            if (Text(json[name]) is not { } path)
                log.Fault(File, name, $"{name} is {Shown(json[name])}; it must be a path with chunk and file");
            else if (DatasetInfo.UnknownField(path) is { } field)
                log.Fault(File, name, $"{name} has the field {field}, which LeRobot does not fill in");
            else if (!path.Contains("index", StringComparison.Ordinal))
                log.Fault(File, name, $"{name} names one file for all: it has no file_index");
        }
    }

    private static void LookAtFeature(string name, JsonNode? json, FindingLog log)
    {
        if (json is not JsonObject feature)
            return;
        var type = Text(feature["dtype"]);
        if (type is null || !Types.Contains(type))
            log.Fault(File, "dtype", $"feature {name} has the dtype {Shown(feature["dtype"])}, which LeRobot lacks");
        if (name.Contains('/'))
            log.Note(File, "name", $"feature {name} has a / in its name: LeRobot reads it, but records none such");
        if (type == "language")
            return;
        if (feature["shape"] is not JsonArray shape)
        {
            log.Fault(File, "shape", $"feature {name} has no shape");
            return;
        }

        if (shape.Count is 0 or > MostAxes || shape.Any(size => Number(size) is not { } one || one < 1 || one % 1 != 0))
            log.Fault(File, "shape", $"feature {name} has the shape {Shown(shape)}: 1 to {MostAxes} sizes above 0");
        else if (type is "image" or "video" && shape.Count != 3)
            log.Fault(File, "shape", $"feature {name} has the shape {Shown(shape)}: pictures have three sizes");
        else if (feature["names"] is JsonArray names && shape.Count == 1 && names.Count != Number(shape[0]))
            log.Note(
                File,
                "names",
                $"feature {name} has {names.Count} names for {Shown(shape[0])} numbers: they are not used"
            );
    }

    private static string Shown(JsonNode? json) => json?.ToJsonString() ?? "null";

    private static string? Text(JsonNode? json) =>
        json is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static double? Number(JsonNode? json) =>
        json is JsonValue value && value.TryGetValue<JsonElement>(out var one) && one.ValueKind == JsonValueKind.Number
            ? double.Parse(one.GetRawText(), CultureInfo.InvariantCulture)
            : null;
}
