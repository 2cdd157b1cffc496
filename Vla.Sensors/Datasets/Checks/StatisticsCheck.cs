using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Vla.Sensors.Datasets.Checks;

/// <summary>
/// <c>meta/stats.json</c> and the episodes' statistics: of the right shapes, and true where that can be reckoned.
/// </summary>
/// <remarks>
/// Pictures' are LeRobot's of a sample of them, and quantiles of a whole dataset are bounds: both are only looked at.
/// </remarks>
internal static class StatisticsCheck
{
    private const string File = "meta/stats.json";

    /// <summary>How far a statistic may be from what it is, as a share of the numbers' largest.</summary>
    private const double Tolerance = 1e-3;

    private static readonly string[] Needed = ["min", "max", "mean", "std", "count"];

    public static void Run(string directory, DatasetInfo info, RowStatistics rows, FindingLog log)
    {
        LookAtAll(directory, info, rows, log);
        if (!info.IsOld)
        {
            foreach (var path in EpisodeTable.Files(directory))
                LookAtEpisodes(directory, path, info, rows, log);
        }
    }

    private static void LookAtAll(string directory, DatasetInfo info, RowStatistics rows, FindingLog log)
    {
        var path = Path.Combine(directory, "meta", "stats.json");
        if (!System.IO.File.Exists(path))
        {
            if (info.TotalFrames > 0 && !(info.IsOld && LegacyTables.HasEpisodeStatistics(directory)))
                log.Note(File, "missing", "it is missing: LeRobot loads the dataset, but does not train with it");
            return;
        }

        JsonObject json;
        try
        {
            json =
                JsonNode.Parse(System.IO.File.ReadAllText(path)) as JsonObject
                ?? throw new JsonException("it is not an object");
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or IOException)
        {
            log.Fault(File, "unreadable", $"it is damaged: {exception.Message}");
            return;
        }

        var all = rows.OfAll;
        foreach (var feature in info.Features.Where(feature => feature.Type != FeatureType.Other))
        {
            if (info.TotalFrames is null or 0)
                break;
            if (json[feature.Name] is not JsonObject one)
            {
                log.Fault(File, "missing features", $"it has nothing of {feature.Name}");
                continue;
            }

            foreach (var name in Needed.Where(name => one[name] is null))
                log.Fault(File, "missing statistics", $"it has no {name} of {feature.Name}");
            var values = FeatureStatistics
                .Names.Append("count")
                .Where(name => one[name] is not null)
                .ToDictionary(name => name, name => Flat(one[name]));
            foreach (var name in values.Keys)
            {
                if (WrongShape(one[name], values[name], name, feature) is { } wrong)
                    log.Fault(File, "shapes", $"its {name} of {feature.Name} {wrong}");
            }

            Compare(values, all.GetValueOrDefault(feature.Name), feature, File, null, log);
        }
    }

    /// <summary>
    /// Pictures' statistics have a shape of their own, by which LeRobot spreads them over the pixels.
    /// </summary>
    private static string? WrongShape(JsonNode? json, double[]? values, string name, DatasetFeature feature)
    {
        if (values is null)
            return "is not made of numbers";
        var shape = Shape(json);
        if (name == "count")
            return shape is [1] ? null : $"has the shape [{string.Join(", ", shape)}], not [1]";
        if (feature.IsPicture)
            return shape is [3, 1, 1] or [1, 1, 1]
                ? null
                : $"has the shape [{string.Join(", ", shape)}], not [3, 1, 1]";
        return feature.Shape.Count != 1 || shape.SequenceEqual(feature.Shape)
            ? null
            : $"has the shape [{string.Join(", ", shape)}], not [{string.Join(", ", feature.Shape)}]";
    }

    private static void LookAtEpisodes(
        string directory,
        string path,
        DatasetInfo info,
        RowStatistics rows,
        FindingLog log
    )
    {
        var file = DatasetFiles.NameOf(directory, path);
        if (IndicesOf(path) is not { } indices)
            return;
        try
        {
            using var table = ParquetTable.Open(path);
            LookAtEpisodes(table, indices, info, rows, file, log);
        }
        catch (DatasetException exception)
        {
            log.Fault(file, "statistics", exception.Message);
        }
    }

    /// <summary>Whose row each is; null where that cannot be read, which was said with the episodes.</summary>
    private static int[]? IndicesOf(string path)
    {
        try
        {
            using var table = ParquetTable.Open(path);
            return table.AllNumbers<int>("episode_index");
        }
        catch (DatasetException)
        {
            return null;
        }
    }

    private static void LookAtEpisodes(
        ParquetTable table,
        int[] indices,
        DatasetInfo info,
        RowStatistics rows,
        string file,
        FindingLog log
    )
    {
        foreach (var feature in info.Features.Where(feature => feature.Type != FeatureType.Other))
        {
            var values = new Dictionary<string, double[]>();
            foreach (var name in FeatureStatistics.Names.Append("count"))
            {
                var column = $"stats/{feature.Name}/{name}";
                if (table.Has(column))
                    values[name] = table.AllNumbers<double>(column, width: null);
            }

            for (var row = 0; row < indices.Length; row++)
            {
                Compare(
                    values.ToDictionary(
                        pair => pair.Key,
                        pair =>
                        {
                            var width = pair.Value.Length / indices.Length;
                            return (double[]?)pair.Value[(row * width)..((row + 1) * width)];
                        }
                    ),
                    rows.OfEpisodes.GetValueOrDefault((indices[row], feature.Name)),
                    feature,
                    file,
                    indices[row],
                    log
                );
            }
        }
    }

    private static void Compare(
        Dictionary<string, double[]?> said,
        FeatureStatistics? found,
        DatasetFeature feature,
        string file,
        int? episode,
        FindingLog log
    )
    {
        // What rows are numbered with is not learned from, and LeRobot's own merging has left it as it was.
        var isFault = DatasetFeature.Standard.All(standard => standard.Name != feature.Name);
        foreach (var (name, values) in said)
        {
            if (values?.Any(value => !double.IsFinite(value) || (name is "std" && value < 0)) == true)
                Say($"its {name} of {feature.Name} has a value that cannot be");
        }

        if (said.GetValueOrDefault("count") is [var counted] && found is not null && counted != found.Count)
            Say($"its count of {feature.Name} is {counted}, there are {found.Count} frames");
        if (Order(said) is { } disorder)
            Say($"of {feature.Name}, {disorder}");
        if (found is null || said.GetValueOrDefault("mean")?.Length != found.Values[0].Length)
            return;
        foreach (var (name, i) in Needed.Take(4).Select((name, i) => (name, i)))
        {
            if (said.GetValueOrDefault(name) is not { } values || values.Length != found.Values[i].Length)
                continue;
            for (var k = 0; k < values.Length; k++)
            {
                var right = found.Values[i][k];
                var scale = Math.Max(Math.Abs(found.Values[0][k]), Math.Abs(found.Values[1][k]));
                if (!(Math.Abs(values[k] - right) > Tolerance * scale + 1e-9))
                    continue;
                Say(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"its {name} of {feature.Name} is {values[k]:G6}{Place(k, values.Length)}, the data's is "
                            + $"{right:G6}"
                    )
                );
                break;
            }
        }

        void Say(string what) =>
            log.Add(
                $"statistics of {feature.Name}",
                new DatasetFinding(file, what) { Episode = episode, IsFault = isFault }
            );
    }

    private static string Place(int k, int width) =>
        width == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" as number {k + 1} of {width}");

    private static string? Order(Dictionary<string, double[]?> said)
    {
        if (said.GetValueOrDefault("min") is not { } least || said.GetValueOrDefault("max") is not { } most)
            return null;
        var mean = said.GetValueOrDefault("mean");
        for (var i = 0; i < Math.Min(least.Length, most.Length); i++)
        {
            if (least[i] > most[i])
                return string.Create(CultureInfo.InvariantCulture, $"min is {least[i]:G6}, above max, {most[i]:G6}");
            var slack = Tolerance * Math.Max(Math.Abs(least[i]), Math.Abs(most[i])) + 1e-9;
            if (mean is not null && i < mean.Length && (mean[i] < least[i] - slack || mean[i] > most[i] + slack))
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"mean is {mean[i]:G6}, not between min and max, {least[i]:G6} and {most[i]:G6}"
                );
        }

        return null;
    }

    private static List<int> Shape(JsonNode? json)
    {
        List<int> shape = [];
        for (var one = json; one is JsonArray list; one = list.Count > 0 ? list[0] : null)
            shape.Add(list.Count);
        return shape;
    }

    private static double[]? Flat(JsonNode? json)
    {
        List<double> values = [];
        return Add(json) ? [.. values] : null;

        bool Add(JsonNode? one) =>
            one switch
            {
                JsonArray list => list.All(Add),
                JsonValue value when value.GetValueKind() == JsonValueKind.Number => AddOne(value),
                _ => false,
            };

        bool AddOne(JsonValue value)
        {
            values.Add(double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture));
            return true;
        }
    }
}
