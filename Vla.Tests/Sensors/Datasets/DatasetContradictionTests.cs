using Vla.Sensors.Datasets;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>
/// What contradicts itself is refused, with the file and, where there is one, the episode and the frame.
/// </summary>
public sealed class DatasetContradictionTests : IDisposable
{
    private static readonly int[] AllRows = [.. Enumerable.Range(0, HandmadeDataset.Rows)];

    private readonly TemporaryDirectory _directory = new();

    private string Root => _directory.File("dataset");

    public static TheoryData<string> Damages() => [.. Kinds.Keys];

    private static Dictionary<string, (Action<string> Write, string[] Words)> Kinds { get; } =
        new()
        {
            ["null in a list"] = (
                Data(
                    new NullableColumn<float>(
                        "action",
                        [.. AllRows.SelectMany(row => new float?[] { row, row == 4 ? null : 1 })],
                        2
                    )
                ),
                ["episode 1", "frame 1", "action", "null", "file-000.parquet"]
            ),
            ["null in the first row"] = (
                Data(
                    new NullableColumn<float>(
                        "action",
                        [.. AllRows.SelectMany(row => new float?[] { row == 0 ? null : 1, row })],
                        2
                    )
                ),
                ["episode 0", "frame 0", "null"]
            ),
            ["null time"] = (
                Data(new NullableColumn<float>("timestamp", [0, 0.1f, 0.2f, 0, null, 0.2f, 0.3f])),
                ["episode 1", "frame 1", "timestamp", "null"]
            ),
            ["null task"] = (
                Data(new NullableColumn<long>("task_index", [0, 0, null, 1, 1, 1, 1])),
                ["episode 0", "frame 2", "task_index", "null"]
            ),
            ["null frame"] = (
                Data(new NullableColumn<long>("frame_index", [0, null, 2, 0, 1, 2, 3])),
                ["episode 0", "frame 1", "frame_index", "null"]
            ),
            ["too few values in a list"] = (
                Data(ParquetColumn.Lists("action", new float[HandmadeDataset.Rows], 1)),
                ["episode 0", "frame 0", "1 values, not 2"]
            ),
            ["too many values in a list"] = (
                Data(ParquetColumn.Lists("action", new float[3 * HandmadeDataset.Rows], 3)),
                ["episode 0", "frame 0", "3 values, not 2"]
            ),
            ["no list"] = (
                Data(ParquetColumn.Scalars("action", new float[HandmadeDataset.Rows])),
                ["episode 0", "1 values, not 2"]
            ),
            ["texts for numbers"] = (
                Data(ParquetColumn.Texts("action", [.. AllRows.Select(row => $"{row}")])),
                ["action", "not numbers"]
            ),
            ["fractions for whole numbers"] = (
                Data(ParquetColumn.Scalars("task_index", new float[HandmadeDataset.Rows])),
                ["task_index", "not whole numbers"]
            ),
            ["an unknown task"] = (
                Data(ParquetColumn.Scalars("task_index", [0L, 0, 0, 1, 1, 7, 1])),
                ["episode 1", "frame 2", "7", "tasks.parquet"]
            ),
            ["another episode's row"] = (
                Data(ParquetColumn.Scalars("episode_index", [0L, 0, 1, 1, 1, 1, 1])),
                ["episode 0", "frame 2", "episode_index 1"]
            ),
            ["a row twice"] = (
                Data(ParquetColumn.Scalars("frame_index", [0L, 1, 1, 0, 1, 2, 3])),
                ["episode 0", "frame 2", "frame_index 1"]
            ),
            ["a row left out"] = (
                Data(ParquetColumn.Scalars("frame_index", [0L, 1, 2, 0, 1, 3, 4])),
                ["episode 1", "frame 2", "frame_index 3"]
            ),
            ["rows in another order"] = (
                Data(ParquetColumn.Scalars("index", [0L, 2, 1, 3, 4, 5, 6])),
                ["episode 0", "frame 1", "index 2"]
            ),
            ["a time that goes back"] = (
                Data(ParquetColumn.Scalars("timestamp", [0f, 0.1f, 0.05f, 0, 0.1f, 0.2f, 0.3f])),
                ["episode 0", "frame 2", "timestamp 0.05", "0.2"]
            ),
            ["times of another rate"] = (
                Data(ParquetColumn.Scalars("timestamp", [0f, 0.2f, 0.4f, 0, 0.2f, 0.4f, 0.6f])),
                ["episode 0", "frame 1", "timestamp 0.2", "10 frames a second"]
            ),
            ["a time that is no number"] = (
                Data(ParquetColumn.Scalars("timestamp", [0f, float.NaN, 0.2f, 0, 0.1f, 0.2f, 0.3f])),
                ["episode 0", "frame 1", "timestamp"]
            ),
            ["an episode that begins late"] = (
                Data(ParquetColumn.Scalars("timestamp", [0f, 0.1f, 0.2f, 5, 5.1f, 5.2f, 5.3f])),
                ["episode 1", "frame 0", "timestamp 5"]
            ),
            ["fewer rows than the episodes"] = (
                Episodes(ParquetColumn.Scalars("length", [3L, 5]), ParquetColumn.Scalars("dataset_to_index", [3L, 8])),
                ["7 frames, the episodes have 8"]
            ),
            ["an episode's end that is not its length"] = (
                Episodes(ParquetColumn.Scalars("dataset_to_index", [3L, 6])),
                ["episode 1", "4 frames", "to 6"]
            ),
            ["an episode without frames"] = (
                Episodes(ParquetColumn.Scalars("length", [0L, 4])),
                ["episode 0", "0 frames"]
            ),
            ["an episode twice"] = (Episodes(ParquetColumn.Scalars("episode_index", [0L, 0])), ["two episodes 0"]),
            ["an episode left out"] = (Episodes(ParquetColumn.Scalars("episode_index", [0L, 2])), ["no episode 1"]),
            ["a place that is null"] = (
                Episodes(new NullableColumn<long>("data/file_index", [0, null])),
                ["data/file_index", "row 1", "null"]
            ),
            ["a place below 0"] = (Episodes(ParquetColumn.Scalars("data/chunk_index", [0L, -1])), ["episode 1", "-1"]),
            ["a place that is not there"] = (
                Episodes(ParquetColumn.Scalars("data/file_index", [0L, 5])),
                ["file-005.parquet", "missing"]
            ),
            ["a length that is null"] = (
                Episodes(new NullableColumn<long>("length", [null, 4])),
                ["length", "row 0", "null"]
            ),
            ["a null among an episode's tasks"] = (
                Episodes(new NullableColumn<ReadOnlyMemory<char>>("tasks", ["first".AsMemory(), null], 1)),
                ["tasks", "row 1", "null"]
            ),
            ["a length beyond all bounds"] = (
                Episodes(
                    ParquetColumn.Scalars("length", [int.MaxValue, 4L]),
                    ParquetColumn.Scalars("dataset_to_index", [int.MaxValue, 7L])
                ),
                ["counts 7 frames"]
            ),
            ["a null task text"] = (
                Tasks(new NullableColumn<ReadOnlyMemory<char>>("task", ["first".AsMemory(), null])),
                ["tasks.parquet", "row 1", "null"]
            ),
            ["a null task index"] = (
                Tasks(new NullableColumn<long>("task_index", [null, 1])),
                ["tasks.parquet", "row 0", "null"]
            ),
            ["a task index twice"] = (
                Tasks(ParquetColumn.Scalars("task_index", [1L, 1])),
                ["tasks.parquet", "index 1"]
            ),
            ["a task index below 0"] = (Tasks(ParquetColumn.Scalars("task_index", [-1L, 1])), ["tasks.parquet", "-1"]),
        };

    [Theory]
    [MemberData(nameof(Damages))]
    public void It_is_refused_and_named(string kind)
    {
        var (write, words) = Kinds[kind];
        write(Root);

        var exception = Assert.Throws<DatasetException>(() => HandmadeDataset.ReadAll(Root));

        Assert.All(words, word => Assert.Contains(word, exception.Message));
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void The_dataset_without_any_of_them_is_read()
    {
        HandmadeDataset.Write(Root);

        Assert.Null(Record.Exception(() => HandmadeDataset.ReadAll(Root)));
    }

    [Fact]
    public void Whole_numbers_of_32_bits_and_fractions_of_64_are_read_too()
    {
        HandmadeDataset.Write(
            Root,
            [
                ParquetColumn.Scalars("task_index", [0, 0, 0, 1, 1, 1, 1]),
                ParquetColumn.Lists("action", Enumerable.Range(0, 14).Select(i => (double)i).ToArray(), 2),
            ]
        );

        using var dataset = LeRobotDataset.Open(Root);

        Assert.Equal([6f, 7, 8, 9, 10, 11, 12, 13], dataset.Read(dataset.Episodes[1]).Floats("action").ToArray());
    }

    [Fact]
    public void Tasks_are_found_by_their_index()
    {
        HandmadeDataset.Write(
            Root,
            [ParquetColumn.Scalars("task_index", [9L, 9, 4, 4, 4, 9, 9])],
            tasks: [ParquetColumn.Scalars("task_index", [9L, 4])]
        );

        using var dataset = LeRobotDataset.Open(Root);

        Assert.Equal(["second", "first"], dataset.Tasks);
        Assert.Equal("first", dataset.Read(dataset.Episodes[0]).Task(1));
        Assert.Equal("second", dataset.Read(dataset.Episodes[0]).Task(2));
    }

    [Theory]
    [InlineData("pick up the 📦 and put it → there")]
    [InlineData("two\nlines\tand a tab")]
    [InlineData("")]
    [InlineData("\u0000 nothing")]
    [InlineData("نص عربي, 日本語, é as e\u0301")]
    public void A_task_may_be_any_text(string text)
    {
        HandmadeDataset.Write(Root, tasks: [ParquetColumn.Texts("task", ["first", text])]);

        using var dataset = LeRobotDataset.Open(Root);

        Assert.Equal(text, dataset.Read(dataset.Episodes[1]).Task(0));
    }

    [Fact]
    public void A_text_that_is_not_UTF8_names_its_file()
    {
        HandmadeDataset.Write(
            Root,
            tasks: [new NullableColumn<ReadOnlyMemory<byte>>("task", [new byte[] { 0x66 }, new byte[] { 0x66, 0xff }])]
        );

        var exception = Assert.Throws<DatasetException>(() => HandmadeDataset.ReadAll(Root));

        Assert.Contains("tasks.parquet", exception.Message);
        Assert.Contains("row 1", exception.Message);
        Assert.Contains("not UTF-8 (byte 1)", exception.Message);
    }

    public void Dispose() => _directory.Dispose();

    private static Action<string> Data(params ParquetColumn[] columns) =>
        root => HandmadeDataset.Write(root, data: columns);

    private static Action<string> Episodes(params ParquetColumn[] columns) =>
        root => HandmadeDataset.Write(root, episodes: columns);

    private static Action<string> Tasks(params ParquetColumn[] columns) =>
        root => HandmadeDataset.Write(root, tasks: columns);
}
