using OpenCvSharp;
using Vla.Runtime.Learning;
using Vla.Sensors.Datasets;
using Vla.Sensors.Datasets.Checks;
using static Vla.Tests.Sensors.Datasets.SmallDataset;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>Datasets of format v2.1 are read as they are, and that is said.</summary>
public sealed class OldDatasetTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public OldDatasetTests() => OldDataset.Record(Root);

    private string Root => _directory.File("dataset");

    [Fact]
    public void Its_numbers_and_tasks_are_read()
    {
        using var dataset = LeRobotDataset.Open(Root);

        Assert.Equal([6, 5], dataset.Episodes.Select(episode => episode.Length));
        Assert.Equal([0L, 6], dataset.Episodes.Select(episode => episode.FirstIndex));
        var frames = dataset.Read(dataset.Episodes[1]);
        Assert.Equal([6f, -3, 7, -3.5f, 8, -4, 9, -4.5f, 10, -5], frames.Floats(DatasetFeature.State).ToArray());
        Assert.Equal("task 1", frames.Task(4));
    }

    [Fact]
    public void Each_frame_has_its_own_picture_of_each_camera()
    {
        using var dataset = LeRobotDataset.Open(Root);

        foreach (var episode in dataset.Episodes.Reverse())
        {
            foreach (var camera in (string[])[DatasetFeature.FrontCamera, Wrist])
            {
                var seen = new List<double>();
                dataset.ReadPictures(episode, camera, (_, picture) => seen.Add(Cv2.Mean(picture).Val1));
                Assert.Equal(episode.Length, seen.Count);
                for (var frame = 0; frame < seen.Count; frame++)
                {
                    var right = Brightness((int)episode.FirstIndex + frame);
                    Assert.InRange(seen[frame] - (camera == Wrist ? 255 - right : right), -3, 3);
                }
            }
        }
    }

    [Fact]
    public void It_is_said_that_it_is_read_as_it_is()
    {
        using var dataset = LeRobotDataset.Open(Root);

        Assert.Contains("version 2.1, read as it is", dataset.Note);
        Assert.Equal(dataset.Note, RecordedLessons.Parse(Root).Note);
    }

    [Fact]
    public void Its_check_finds_no_fault_and_says_that_LeRobot_wants_it_converted()
    {
        var finding = Assert.Single(Look());

        Assert.False(finding.IsFault);
        Assert.Contains("wants it converted", finding.What);
    }

    [Fact]
    public void It_is_not_recorded_to()
    {
        var exception = Assert.Throws<DatasetException>(() => DatasetWriter.Append(Root, 10, SmallDataset.Features));

        Assert.Contains("convert", exception.Message);
    }

    [Theory]
    [InlineData("meta/episodes.jsonl", "{ \"episode_index\": 0, \"tasks\": [\"task 0\"], \"length\": 6 }\n{", "line 2")]
    [InlineData("meta/episodes.jsonl", "{ \"episode_index\": 0, \"tasks\": [\"task 0\"] }", "no length")]
    [InlineData("meta/episodes.jsonl", "{ \"episode_index\": 0, \"tasks\": 3, \"length\": 6 }", "no tasks")]
    [InlineData("meta/episodes.jsonl", "{ \"episode_index\": -1, \"tasks\": [], \"length\": 6 }", "episode_index")]
    [InlineData("meta/episodes.jsonl", "[]", "not an object")]
    [InlineData("meta/tasks.jsonl", "{ \"task_index\": 0 }", "no task")]
    [InlineData("meta/tasks.jsonl", "{ \"task_index\": 0, \"task\": \"\\ud800\" }", "no task")]
    [InlineData(
        "meta/tasks.jsonl",
        "{ \"task_index\": 0, \"task\": \"a\" }\n{ \"task_index\": 0, \"task\": \"b\" }",
        "is taken"
    )]
    public void A_damaged_line_is_named(string file, string text, string word)
    {
        File.WriteAllText(In(Root, file), text);

        var exception = Assert.Throws<DatasetException>(() => LeRobotDataset.Open(Root));

        Assert.Contains(file, exception.Message);
        Assert.Contains(word, exception.Message);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.Contains(Look(), finding => finding.IsFault && finding.File == file);
    }

    [Fact]
    public void A_missing_video_of_an_episode_is_found()
    {
        File.Delete(In(Root, OldDataset.Video(Wrist, 1)));

        Assert.Contains(Look(), finding => finding.IsFault && finding.File == OldDataset.Video(Wrist, 1));
    }

    [Fact]
    public void A_row_too_many_is_found()
    {
        EditJson(Root, Info, json => json["total_frames"] = 10);
        File.WriteAllText(
            In(Root, "meta/episodes.jsonl"),
            """
            {"episode_index": 0, "tasks": ["task 0"], "length": 6}
            {"episode_index": 1, "tasks": ["task 1"], "length": 4}
            """
        );

        Assert.Contains(
            Look(),
            finding => finding is { IsFault: true, Episode: 1 } && finding.File == OldDataset.Data(1)
        );
    }

    public void Dispose() => _directory.Dispose();

    private List<DatasetFinding> Look()
    {
        List<DatasetFinding> findings = [];
        DatasetCheck.Run(Root, findings.Add);
        return findings;
    }
}
