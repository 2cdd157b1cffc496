using Parquet;
using Parquet.Schema;
using Vla.Sensors.Datasets;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>
/// A dataset of two episodes, 3 and 4 frames at 10 a second, written column by column, so that any may be wrong.
/// </summary>
internal static class HandmadeDataset
{
    public const int Rows = 7;

    private static readonly int[] Lengths = [3, 4];

    /// <param name="directory">Made.</param>
    /// <param name="data">Columns of the data file instead of the right ones, by their names.</param>
    /// <param name="episodes">The same of the episodes' table.</param>
    /// <param name="tasks">The same of the tasks' table.</param>
    public static void Write(
        string directory,
        IEnumerable<ParquetColumn>? data = null,
        IEnumerable<ParquetColumn>? episodes = null,
        IEnumerable<ParquetColumn>? tasks = null
    )
    {
        var info = DatasetInfo.Create(
            10,
            "robot",
            [DatasetFeature.Floats("action", ["x", "y"]), .. DatasetFeature.Standard]
        );
        info.Write(directory, 2, Rows, 2);
        Table(
            directory,
            "data/chunk-000/file-000.parquet",
            data,
            [
                ParquetColumn.Lists("action", Enumerable.Range(0, 2 * Rows).Select(i => (float)i).ToArray(), 2),
                ParquetColumn.Scalars("timestamp", FramesOf(frame => frame / 10f)),
                ParquetColumn.Scalars("frame_index", FramesOf(frame => (long)frame)),
                ParquetColumn.Scalars(
                    "episode_index",
                    Enumerable.Range(0, Rows).Select(row => row < 3 ? 0L : 1).ToArray()
                ),
                ParquetColumn.Scalars("index", Enumerable.Range(0, Rows).Select(row => (long)row).ToArray()),
                ParquetColumn.Scalars(
                    "task_index",
                    Enumerable.Range(0, Rows).Select(row => row < 3 ? 0L : 1).ToArray()
                ),
            ]
        );
        Table(
            directory,
            "meta/episodes/chunk-000/file-000.parquet",
            episodes,
            [
                ParquetColumn.Scalars("episode_index", [0L, 1]),
                ParquetColumn.TextLists(
                    "tasks",
                    [
                        ["first"],
                        ["second"],
                    ]
                ),
                ParquetColumn.Scalars("length", [3L, 4]),
                ParquetColumn.Scalars("data/chunk_index", [0L, 0]),
                ParquetColumn.Scalars("data/file_index", [0L, 0]),
                ParquetColumn.Scalars("dataset_from_index", [0L, 3]),
                ParquetColumn.Scalars("dataset_to_index", [3L, 7]),
                ParquetColumn.Scalars("meta/episodes/chunk_index", [0L, 0]),
                ParquetColumn.Scalars("meta/episodes/file_index", [0L, 0]),
            ]
        );
        Table(
            directory,
            "meta/tasks.parquet",
            tasks,
            [ParquetColumn.Scalars("task_index", [0L, 1]), ParquetColumn.Texts("task", ["first", "second"])]
        );
    }

    /// <summary>Reads everything.</summary>
    public static void ReadAll(string directory)
    {
        using var dataset = LeRobotDataset.Open(directory);
        foreach (var episode in dataset.Episodes)
        {
            var frames = dataset.Read(episode);
            for (var frame = 0; frame < frames.Length; frame++)
                frames.Task(frame);
        }
    }

    private static T[] FramesOf<T>(Func<int, T> value) =>
        [.. Lengths.SelectMany(length => Enumerable.Range(0, length)).Select(value)];

    private static void Table(
        string directory,
        string path,
        IEnumerable<ParquetColumn>? others,
        ParquetColumn[] columns
    )
    {
        var instead = others?.ToDictionary(column => column.Name) ?? [];
        var file = Path.Combine(directory, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        ParquetTable.Write(file, [.. columns.Select(column => instead.GetValueOrDefault(column.Name, column))]);
    }
}

/// <summary>A column in which values may be null.</summary>
/// <param name="name">Its name.</param>
/// <param name="values">One after the other.</param>
/// <param name="width">Values of a row; 0 for a column without lists.</param>
internal sealed class NullableColumn<T>(string name, T?[] values, int width = 0)
    : ParquetColumn(name, width > 0 ? 1 : 0)
    where T : struct
{
    public override Field Schema
    {
        get
        {
            var element = new DataField(Depth == 0 ? Name : "element", TypeOf(), true);
            return Depth == 0 ? element : new ListField(Name, element);
        }
    }

    private static Type TypeOf() =>
        typeof(T) == typeof(ReadOnlyMemory<char>) ? typeof(string)
        : typeof(T) == typeof(ReadOnlyMemory<byte>) ? typeof(byte[])
        : typeof(T);

    public override Task WriteAsync(ParquetRowGroupWriter group, DataField field)
    {
        int[] definition =
        [
            .. values.Select(value => value is null ? field.MaxDefinitionLevel - 1 : field.MaxDefinitionLevel),
        ];
        int[]? repetition = width > 0 ? [.. values.Select((_, i) => i % width == 0 ? 0 : 1)] : null;
        return group.WriteAllPartsAsync<T>(
            field,
            values.Where(value => value is not null).Select(value => value!.Value).ToArray(),
            definition,
            repetition,
            CancellationToken.None
        );
    }
}
