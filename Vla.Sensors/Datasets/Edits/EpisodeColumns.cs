using System.Numerics;

namespace Vla.Sensors.Datasets.Edits;

/// <summary>The rows of an episode, numbered anew, and the statistics of their numbers.</summary>
internal sealed class EpisodeColumns
{
    private readonly EpisodePick _pick;
    private readonly EpisodeRows _rows;
    private readonly List<ParquetColumn> _columns = [];
    private readonly List<string> _tasks = [];

    /// <param name="pick">The episode.</param>
    /// <param name="info">Of the new dataset.</param>
    /// <param name="index">Its new number.</param>
    /// <param name="first">Its first frame's new number.</param>
    /// <param name="tasks">Of the new dataset; new ones are added.</param>
    /// <exception cref="DatasetException">It contradicts itself.</exception>
    public EpisodeColumns(EpisodePick pick, DatasetInfo info, int index, long first, TaskTable tasks)
    {
        (_pick, _rows) = (pick, pick.Source.Rows);
        _rows.Check(pick.Episode);
        var length = pick.Episode.Length;
        foreach (var feature in info.Features)
        {
            switch (feature.Name)
            {
                case "episode_index":
                    Add(feature, Enumerable.Repeat((long)index, length).ToArray());
                    break;
                case "index":
                    Add(feature, Enumerable.Range(0, length).Select(frame => first + frame).ToArray());
                    break;
                case "task_index":
                    Add(feature, Tasks(feature, tasks, areInstructions: true));
                    break;
                default:
                    Copy(feature, info.TypeOf(feature.Name), tasks);
                    break;
            }
        }
    }

    public IReadOnlyList<ParquetColumn> Columns => _columns;

    /// <summary>Its instructions, each once, in the order they come.</summary>
    public IReadOnlyList<string> Instructions => _tasks;

    /// <summary>By feature.</summary>
    public Dictionary<string, FeatureStatistics> Statistics { get; } = [];

    private void Copy(DatasetFeature feature, string? type, TaskTable tasks)
    {
        switch (feature.Type)
        {
            case FeatureType.Video:
                break;
            case FeatureType.Image:
                _columns.Add(new PackedPictures(feature.Name, [.. _rows.Pictures(_pick.Episode, feature.Name)]));
                break;
            case FeatureType.Other:
                _columns.Add(ParquetColumn.Texts(feature.Name, _rows.Texts(_pick.Episode, feature.Name)));
                break;
            // Numbers of tasks, such as those that only a simulator knows, are of this dataset's table.
            case FeatureType.Int64 when feature.Name.EndsWith(".task_index", StringComparison.Ordinal):
                Add(feature, Tasks(feature, tasks, areInstructions: false));
                break;
            case FeatureType.Int64 when type == "bool":
                var flags = Numbers<long>(feature);
                Describe(feature, flags);
                _columns.Add(ParquetColumn.Of(feature, Array.ConvertAll(flags, flag => flag != 0)));
                break;
            case FeatureType.Int64:
                Add(feature, Numbers<long>(feature));
                break;
            case FeatureType.Float32 when type == "float64":
                Add(feature, Numbers<double>(feature));
                break;
            default:
                Add(feature, Numbers<float>(feature));
                break;
        }
    }

    private T[] Numbers<T>(DatasetFeature feature)
        where T : struct, INumber<T> => _rows.Numbers<T>(_pick.Episode, feature.Name, feature.Count);

    private void Add<T>(DatasetFeature feature, T[] values)
        where T : struct, INumber<T>
    {
        Describe(feature, values);
        _columns.Add(ParquetColumn.Of(feature, values));
    }

    /// <summary>As LeRobot has it: of tables, each column over all rows of all frames.</summary>
    private void Describe<T>(DatasetFeature feature, T[] values)
        where T : struct, INumber<T> =>
        Statistics[feature.Name] = FeatureStatistics.Of<T>(values, feature.Shape[^1], _pick.Episode.Length);

    private long[] Tasks(DatasetFeature feature, TaskTable tasks, bool areInstructions)
    {
        var numbers = Numbers<long>(feature);
        for (var i = 0; i < numbers.Length; i++)
        {
            var text =
                _pick.Source.TaskTable.Find(numbers[i])
                ?? throw new DatasetException(
                    $"'{_pick.Source.Directory}' contradicts itself: episode {_pick.Episode.Index} has the "
                        + $"{feature.Name} {numbers[i]}, which its table of tasks has not"
                );
            numbers[i] = tasks.IndexOf(text);
            if (areInstructions && !_tasks.Contains(text))
                _tasks.Add(text);
        }

        return numbers;
    }
}
