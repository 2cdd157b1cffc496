namespace Vla.Sensors.Datasets;

/// <summary>What <c>meta/episodes</c> says of one episode that is written.</summary>
/// <param name="Index">Its number in the dataset.</param>
/// <param name="Tasks">Its instructions.</param>
/// <param name="Length">Frames.</param>
/// <param name="FirstFrame">Its first frame's number in the dataset.</param>
/// <param name="Data">Where its rows are.</param>
/// <param name="Statistics">Of each feature.</param>
internal sealed record EpisodeEntry(
    int Index,
    IReadOnlyList<string> Tasks,
    int Length,
    long FirstFrame,
    FilePlace Data,
    IReadOnlyDictionary<string, FeatureStatistics> Statistics
)
{
    /// <summary>Episodes in one file of an edited dataset.</summary>
    public const int MostInFile = 1_000;

    /// <summary>By camera: where its pictures are.</summary>
    public IReadOnlyDictionary<string, VideoPlace> Videos { get; init; } = new Dictionary<string, VideoPlace>();

    /// <summary>The columns of a file with some episodes, named and ordered as LeRobot has them.</summary>
    public static IReadOnlyList<ParquetColumn> Columns(
        IReadOnlyList<EpisodeEntry> episodes,
        DatasetInfo info,
        FilePlace place
    )
    {
        var columns = new List<ParquetColumn>
        {
            Integers("episode_index", episode => episode.Index),
            ParquetColumn.TextLists("tasks", [.. episodes.Select(episode => episode.Tasks)]),
            Integers("length", episode => episode.Length),
            Integers("data/chunk_index", episode => episode.Data.Chunk),
            Integers("data/file_index", episode => episode.Data.File),
            Integers("dataset_from_index", episode => episode.FirstFrame),
            Integers("dataset_to_index", episode => episode.FirstFrame + episode.Length),
        };
        foreach (var camera in info.Features.Where(feature => feature.Type == FeatureType.Video))
        {
            var kind = $"videos/{camera.Name}";
            columns.Add(Integers($"{kind}/chunk_index", episode => episode.Videos[camera.Name].File.Chunk));
            columns.Add(Integers($"{kind}/file_index", episode => episode.Videos[camera.Name].File.File));
            columns.Add(Seconds($"{kind}/from_timestamp", episode => episode.Videos[camera.Name].From));
            columns.Add(Seconds($"{kind}/to_timestamp", episode => episode.Videos[camera.Name].To));
        }

        // Texts have none.
        foreach (var feature in info.Features.Where(feature => episodes[0].Statistics.ContainsKey(feature.Name)))
        {
            for (var i = 0; i < FeatureStatistics.Names.Length; i++)
            {
                double[] values = [.. episodes.SelectMany(episode => episode.Statistics[feature.Name].Values[i])];
                columns.Add(
                    ParquetColumn.Lists(
                        $"stats/{feature.Name}/{FeatureStatistics.Names[i]}",
                        values,
                        values.Length / episodes.Count,
                        feature.IsPicture ? 3 : 1
                    )
                );
            }

            columns.Add(
                ParquetColumn.Lists(
                    $"stats/{feature.Name}/count",
                    [.. episodes.Select(episode => episode.Statistics[feature.Name].Count)],
                    1
                )
            );
        }

        columns.Add(Integers("meta/episodes/chunk_index", _ => place.Chunk));
        columns.Add(Integers("meta/episodes/file_index", _ => place.File));
        return columns;

        ParquetColumn Integers(string name, Func<EpisodeEntry, long> value) =>
            ParquetColumn.Scalars(name, episodes.Select(value).ToArray());

        ParquetColumn Seconds(string name, Func<EpisodeEntry, double> value) =>
            ParquetColumn.Scalars(name, episodes.Select(value).ToArray());
    }
}
