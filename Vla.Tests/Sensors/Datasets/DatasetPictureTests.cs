using Vla.Sensors.Datasets;
using Vla.Sensors.Datasets.Checks;
using Vla.Tests.Sensors.Videos;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>Datasets of three episodes of 20 frames; each picture shows its number in the dataset.</summary>
public sealed class DatasetPictureTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("plain-ok")]
    [InlineData("several-files-ok")]
    [InlineData("task-index-gap")]
    [InlineData("emoji-task")]
    public void Each_frame_has_its_own_picture(string name) => AssertNumbers(TestData.Path($"datasets/{name}"));

    [FfmpegFact]
    public void A_dataset_in_AV1_has_too() => AssertNumbers(TestData.Path("datasets/av1"));

    [Fact]
    public void A_task_is_found_by_its_index()
    {
        using var dataset = LeRobotDataset.Open(TestData.Path("datasets/task-index-gap"));

        Assert.Equal("charlie task", dataset.Read(dataset.Episodes[1]).Task(0));
    }

    [Fact]
    public void A_null_among_the_numbers_is_refused_and_named()
    {
        using var dataset = LeRobotDataset.Open(TestData.Path("datasets/null-in-action"));
        dataset.Read(dataset.Episodes[0]);

        var exception = Assert.Throws<DatasetException>(() => dataset.Read(dataset.Episodes[1]));

        Assert.Contains("frame 5 of episode 1", exception.Message);
        Assert.Contains("null as number 3 of 7", exception.Message);
    }

    [Fact]
    public void A_video_of_another_rate_is_refused_with_both_rates()
    {
        using var dataset = LeRobotDataset.Open(TestData.Path("datasets/video-at-another-rate"));

        var exception = Assert.Throws<DatasetException>(() =>
            dataset.ReadPictures(dataset.Episodes[0], DatasetFeature.FrontCamera, (_, _) => { })
        );

        Assert.Contains("frame 1 of episode 0", exception.Message);
        Assert.Contains("30 pictures a second", exception.Message);
        Assert.Contains("29 frames", exception.Message);
    }

    [Fact]
    public void A_damaged_table_of_tasks_that_made_a_reader_go_round_for_ever_is_refused()
    {
        Copy("plain-ok");
        File.Copy(TestData.Path("datasets/tasks-hang.parquet"), _directory.File("meta/tasks.parquet"), overwrite: true);

        Assert.Contains(
            "tasks.parquet",
            Assert.Throws<DatasetException>(() => LeRobotDataset.Open(_directory.Path)).Message
        );
    }

    [Theory]
    [InlineData(5.95)]
    [InlineData(60)]
    public void How_long_an_episodes_video_is_said_to_be_does_not_count_as_with_LeRobots_loader(double end)
    {
        Copy("plain-ok");
        var before = Findings();
        ParquetEdit.Set(
            _directory.File(SmallDataset.Episodes),
            $"videos/{DatasetFeature.FrontCamera}/to_timestamp",
            at: 2,
            end
        );

        using (var dataset = LeRobotDataset.Open(_directory.Path))
            dataset.Check();

        // Both who look say the same.
        Assert.Equal(before, Findings());

        List<string> Findings()
        {
            var findings = new List<string>();
            DatasetCheck.Run(_directory.Path, finding => findings.Add($"{finding}"));
            return findings;
        }
    }

    [Fact]
    public void A_video_with_fewer_pictures_than_frames_is_refused()
    {
        Copy("several-files-ok");
        File.Copy(Video("several-files-ok", 0), Video(1), overwrite: true);

        AssertRefused("no picture", "episode");
    }

    [Theory]
    [InlineData("\"shape\": [64, 96, 3]", "\"shape\": [48, 96, 3]", "96x64")]
    [InlineData("\"fps\": 10,", "\"fps\": 20,", "20 frames a second")]
    [InlineData("\"total_episodes\": 3", "\"total_episodes\": 4", "4 episodes")]
    [InlineData("\"total_frames\": 60", "\"total_frames\": 61", "61 frames")]
    public void A_description_that_the_files_contradict_is_refused(string old, string replacement, string word)
    {
        Copy("plain-ok");
        var info = _directory.File("meta/info.json");
        var text = System.Text.RegularExpressions.Regex.Replace(
            File.ReadAllText(info),
            @"\[\s*(\d+),\s*(\d+),\s*(\d+)\s*\]",
            "[$1, $2, $3]"
        );
        Assert.Contains(old, text);
        File.WriteAllText(info, text.Replace(old, replacement, StringComparison.Ordinal));

        AssertRefused(word);
    }

    public void Dispose() => _directory.Dispose();

    private static void AssertNumbers(string path)
    {
        using var dataset = LeRobotDataset.Open(path);
        dataset.Check();
        // Backwards too, as somebody might who looks for something.
        foreach (var episode in dataset.Episodes.Concat(dataset.Episodes.Reverse()))
        {
            var numbers = new List<int>();
            dataset.ReadPictures(
                episode,
                DatasetFeature.FrontCamera,
                (_, picture) => numbers.Add(BarNumber.Read(picture))
            );
            Assert.Equal(Enumerable.Range((int)episode.FirstIndex, episode.Length), numbers);
        }
    }

    private static string Video(string name, int file) =>
        TestData.Path($"datasets/{name}/videos/observation.images.front/chunk-000/file-00{file}.mp4");

    private string Video(int file) => _directory.File($"videos/observation.images.front/chunk-000/file-00{file}.mp4");

    private void Copy(string name)
    {
        var from = TestData.Path($"datasets/{name}");
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = _directory.File(Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
    }

    private void AssertRefused(params string[] words)
    {
        var exception = Assert.Throws<DatasetException>(() =>
        {
            using var dataset = LeRobotDataset.Open(_directory.Path);
            dataset.Check();
        });
        Assert.All(words, word => Assert.Contains(word, exception.Message));
        Assert.DoesNotContain('\n', exception.Message);
    }
}
