using System.Text.Json.Nodes;

namespace Vla.Sensors.Datasets;

/// <summary>
/// Adds up the statistics of a dataset's episodes, and writes <c>meta/stats.json</c> and the counts in
/// <c>meta/info.json</c>.
/// </summary>
internal sealed class DatasetSummary(string directory, DatasetInfo info)
{
    private readonly Dictionary<string, FeatureStatistics> _statistics = [];

    /// <param name="statistics">By feature, of some more frames.</param>
    public void Add(IReadOnlyDictionary<string, FeatureStatistics> statistics)
    {
        foreach (var (name, one) in statistics)
            _statistics[name] = _statistics.TryGetValue(name, out var all) ? all.With(one) : one;
    }

    public void Write(int episodes, long frames, int tasks)
    {
        var all = new JsonObject();
        foreach (var feature in info.Features)
        {
            if (!_statistics.TryGetValue(feature.Name, out var one))
                continue;
            var json = new JsonObject();
            for (var i = 0; i < FeatureStatistics.Names.Length; i++)
                json[FeatureStatistics.Names[i]] = Values(one.Values[i], feature.IsPicture);
            json["count"] = new JsonArray(one.Count);
            all[feature.Name] = json;
        }

        DatasetFiles.Replace(
            Path.Combine(directory, "meta", "stats.json"),
            path => File.WriteAllText(path, all.ToJsonString())
        );
        info.Write(directory, episodes, frames, tasks);
    }

    /// <summary>A picture's statistics have the shape [3, 1, 1], as if they were pictures.</summary>
    private static JsonArray Values(double[] values, bool isPicture) =>
        new([
            .. values.Select<double, JsonNode>(value =>
                isPicture ? new JsonArray(new JsonArray(value)) : JsonValue.Create(value)
            ),
        ]);
}
