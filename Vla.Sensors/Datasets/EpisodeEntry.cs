namespace Vla.Sensors.Datasets;

/// <summary>What <c>meta/episodes</c> says of one episode that is recorded.</summary>
/// <param name="Index">Its number in the dataset.</param>
/// <param name="Tasks">Its instructions.</param>
/// <param name="Length">Frames.</param>
/// <param name="FirstFrame">Its first frame's number in the dataset.</param>
/// <param name="FramesBefore">Frames before it in its files.</param>
/// <param name="Statistics">Of each feature.</param>
internal sealed record EpisodeEntry(
    int Index,
    IReadOnlyList<string> Tasks,
    int Length,
    long FirstFrame,
    int FramesBefore,
    IReadOnlyDictionary<string, FeatureStatistics> Statistics
)
{
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
            Integers("data/chunk_index", _ => place.Chunk),
            Integers("data/file_index", _ => place.File),
            Integers("dataset_from_index", episode => episode.FirstFrame),
            Integers("dataset_to_index", episode => episode.FirstFrame + episode.Length),
        };
        foreach (var camera in info.Features.Where(feature => feature.Type == FeatureType.Video))
        {
            columns.Add(Integers($"videos/{camera.Name}/chunk_index", _ => place.Chunk));
            columns.Add(Integers($"videos/{camera.Name}/file_index", _ => place.File));
            columns.Add(Seconds($"videos/{camera.Name}/from_timestamp", episode => episode.FramesBefore));
            columns.Add(
                Seconds($"videos/{camera.Name}/to_timestamp", episode => episode.FramesBefore + episode.Length)
            );
        }

        foreach (var feature in info.Features)
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

        ParquetColumn Seconds(string name, Func<EpisodeEntry, int> frames) =>
            ParquetColumn.Scalars(name, episodes.Select(episode => frames(episode) / info.Fps).ToArray());
    }
}
