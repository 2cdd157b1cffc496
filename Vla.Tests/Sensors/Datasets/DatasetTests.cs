using OpenCvSharp;
using Vla.Sensors.Datasets;

namespace Vla.Tests.Sensors.Datasets;

public sealed class DatasetTests : IDisposable
{
    private static readonly DatasetFeature[] Features =
    [
        DatasetFeature.Camera(DatasetFeature.FrontCamera, 32, 32),
        DatasetFeature.Floats(DatasetFeature.Action, ["x", "y"]),
        DatasetFeature.Tasks("other.task_index", 2),
    ];

    private readonly TemporaryDirectory _directory = new();

    private string Root => _directory.File("dataset");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Reads_what_was_written()
    {
        Record(3, 5, 1);

        using var dataset = LeRobotDataset.Open(Root);
        Assert.Equal([3, 5, 1], dataset.Episodes.Select(episode => episode.Length));
        Assert.Equal([0L, 3, 8], dataset.Episodes.Select(episode => episode.FirstIndex));
        var frames = dataset.Read(dataset.Episodes[1]);
        Assert.Equal([10f, 0.5f, 11f, 0.5f, 12f, 0.5f, 13f, 0.5f, 14f, 0.5f], frames.Floats("action").ToArray());
        Assert.Equal([3L, 4, 5, 6, 7], frames.Integers("index").ToArray());
        Assert.Equal([0f, 0.1f, 0.2f, 0.3f, 0.4f], frames.Floats("timestamp").ToArray());
        Assert.Equal("task 1", frames.Task(4));
        Assert.Equal("other", frames.TaskOf(frames.Integers("other.task_index").Span[1]));
    }

    [Fact]
    public void Decodes_each_episodes_pictures_in_any_order()
    {
        Record(13, 15, 2, 20);

        using var dataset = LeRobotDataset.Open(Root);
        foreach (var index in new[] { 3, 1, 0, 2, 2, 1 })
        {
            var seen = new List<int>();
            dataset.ReadPictures(
                dataset.Episodes[index],
                DatasetFeature.FrontCamera,
                (frame, picture) =>
                {
                    seen.Add(frame);
                    Assert.InRange(Cv2.Mean(picture).Val1, Brightness(index, frame) - 3, Brightness(index, frame) + 3);
                }
            );
            Assert.Equal(Enumerable.Range(0, dataset.Episodes[index].Length), seen);
        }
    }

    [Fact]
    public void Goes_on_where_a_recording_ended()
    {
        Record(3, 4);
        Record(append: true, first: 2, 2);

        using var dataset = LeRobotDataset.Open(Root);
        Assert.Equal([3, 4, 2], dataset.Episodes.Select(episode => episode.Length));
        Assert.Equal([7L, 8], dataset.Read(dataset.Episodes[2]).Integers("index").ToArray());
        Assert.Equal("task 2", dataset.Read(dataset.Episodes[2]).Task(0));
        Assert.Contains("\"total_frames\": 9", File.ReadAllText(Path.Combine(Root, "meta", "info.json")));
    }

    [Fact]
    public void Leaves_out_rows_that_a_killed_recording_did_not_count()
    {
        Record(3, 4);
        var counted = Path.Combine(Root, "meta", "episodes", "chunk-000", "file-000.parquet");
        var before = File.ReadAllBytes(counted);
        Record(append: true, first: 2, 2);
        var second = Path.Combine(Root, "meta", "episodes", "chunk-000", "file-001.parquet");
        File.Delete(second);
        File.WriteAllBytes(counted, before);

        Record(append: true, first: 2, 5);

        using var dataset = LeRobotDataset.Open(Root);
        Assert.Equal([3, 4, 5], dataset.Episodes.Select(episode => episode.Length));
        Assert.Equal([7L, 8, 9, 10, 11], dataset.Read(dataset.Episodes[2]).Integers("index").ToArray());
        Assert.Contains("\"count\":[12]", File.ReadAllText(Path.Combine(Root, "meta", "stats.json")));
    }

    [Fact]
    public void Keeps_nothing_of_an_episode_that_is_not_saved()
    {
        using (var writer = DatasetWriter.Create(Root, 10, "robot", Features))
        {
            using var recording = writer.Begin();
            AddFrames(recording, 0, 4);
        }

        using var dataset = LeRobotDataset.Open(Root);
        Assert.Empty(dataset.Episodes);
        Assert.False(Directory.Exists(Path.Combine(Root, ".recording")));
    }

    [Fact]
    public void Says_which_version_it_cannot_read()
    {
        Record(1);
        var info = Path.Combine(Root, "meta", "info.json");
        File.WriteAllText(info, File.ReadAllText(info).Replace("v3.0", "v1.6", StringComparison.Ordinal));

        var exception = Assert.Throws<DatasetException>(() => LeRobotDataset.Open(Root));
        Assert.Contains("v1.6", exception.Message);
    }

    [Theory]
    [InlineData("data/chunk-000/file-000.parquet")]
    [InlineData("meta/episodes/chunk-000/file-000.parquet")]
    [InlineData("meta/tasks.parquet")]
    [InlineData("meta/info.json")]
    [InlineData("videos/observation.images.front/chunk-000/file-000.mp4")]
    public void Names_a_damaged_file(string file)
    {
        Record(3);
        File.WriteAllText(Path.Combine(Root, file), "{ nothing of use");

        var exception = Assert.Throws<DatasetException>(() =>
        {
            using var dataset = LeRobotDataset.Open(Root);
            dataset.Read(dataset.Episodes[0]);
            dataset.ReadPictures(dataset.Episodes[0], DatasetFeature.FrontCamera, (_, _) => { });
        });
        Assert.Contains(Path.GetFileName(file), exception.Message);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void Does_not_go_on_with_other_features()
    {
        Record(1);

        var exception = Assert.Throws<DatasetException>(() =>
            DatasetWriter.Append(Root, 10, [DatasetFeature.Floats("action", 3)])
        );
        Assert.Contains("action", exception.Message);
    }

    [Fact]
    public void Does_not_record_over_a_dataset()
    {
        Record(1);

        Assert.Throws<DatasetException>(() => DatasetWriter.Create(Root, 10, "robot", Features));
    }

    private static double Brightness(int episode, int frame) => 40 + 40 * episode + 2 * frame;

    private static void AddFrames(EpisodeRecording recording, int episode, int count)
    {
        for (var frame = 0; frame < count; frame++)
        {
            using var picture = new Mat(32, 32, MatType.CV_8UC3, Scalar.All(Brightness(episode, frame)));
            recording.Set(DatasetFeature.FrontCamera, picture);
            recording.Set("action", [10 * episode + frame, 0.5f]);
            recording.SetTasks("other.task_index", [$"task {episode}", "other"]);
            recording.EndFrame($"task {episode}");
        }
    }

    private void Record(params int[] lengths) => Record(append: false, first: 0, lengths);

    private void Record(bool append, int first, params int[] lengths)
    {
        using var writer = append
            ? DatasetWriter.Append(Root, 10, Features)
            : DatasetWriter.Create(Root, 10, "robot", Features);
        foreach (var (length, i) in lengths.Select((length, i) => (length, i)))
        {
            var recording = writer.Begin();
            AddFrames(recording, first + i, length);
            writer.Save(recording);
        }
    }
}
