namespace Vla.Sensors.Datasets;

/// <summary>The statistics that <c>meta/episodes</c> has of each episode.</summary>
internal sealed class EpisodeStatisticsTable
{
    private readonly Dictionary<(int Episode, string Feature), FeatureStatistics> _all = [];
    private readonly HashSet<string> _cut = [];

    private EpisodeStatisticsTable() { }

    /// <param name="directory">The dataset.</param>
    /// <param name="info">Its features.</param>
    /// <exception cref="DatasetException">A file is damaged.</exception>
    public static EpisodeStatisticsTable Read(string directory, DatasetInfo info)
    {
        var result = new EpisodeStatisticsTable();
        foreach (var path in EpisodeTable.Files(directory))
        {
            using var table = ParquetTable.Open(path);
            var episodes = table.AllNumbers<int>("episode_index");
            foreach (var feature in info.Features.Where(feature => table.Has($"stats/{feature.Name}/count")))
                result.Add(table, episodes, feature.Name);
        }

        return result;
    }

    /// <summary>An episode's; null where they are not there, or not whole.</summary>
    public FeatureStatistics? Find(int episode, string feature) =>
        _cut.Contains(feature) ? null : _all.GetValueOrDefault((episode, feature));

    /// <summary>By feature, of all episodes together; what is not there is taken for the mean.</summary>
    public IReadOnlyDictionary<string, FeatureStatistics> Sums() =>
        _all.OrderBy(pair => pair.Key.Episode)
            .GroupBy(pair => pair.Key.Feature)
            .ToDictionary(
                group => group.Key,
                group => group.Select(pair => pair.Value).Aggregate((sum, next) => sum.With(next))
            );

    private void Add(ParquetTable table, int[] episodes, string feature)
    {
        var counts = table.AllNumbers<long>($"stats/{feature}/count");
        if (counts.Length == 0)
            return;
        if (FeatureStatistics.Names.Any(name => !table.Has($"stats/{feature}/{name}")))
            _cut.Add(feature);
        double[][] columns =
        [
            .. FeatureStatistics.Names.Select(name =>
                table.Has($"stats/{feature}/{name}")
                    ? table.AllNumbers<double>($"stats/{feature}/{name}", width: null)
                    : table.AllNumbers<double>($"stats/{feature}/mean", width: null)
            ),
        ];
        var width = columns[0].Length / counts.Length;
        if (
            columns.Any(column => column.Length != columns[0].Length)
            || counts.Any(count => count < 1)
            || counts.Length != episodes.Length
        )
            throw new DatasetException($"'{table.Path}' is damaged: its statistics of {feature} do not fit together");
        for (var i = 0; i < counts.Length; i++)
            _all[(episodes[i], feature)] = FeatureStatistics.From(
                [.. columns.Select(column => column[(i * width)..((i + 1) * width)])],
                counts[i]
            );
    }
}
