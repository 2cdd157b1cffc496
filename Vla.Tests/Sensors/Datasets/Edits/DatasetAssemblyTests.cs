using System.Security.Cryptography;
using System.Text.Json.Nodes;
using OpenCvSharp;
using Vla.Sensors.Datasets;
using Vla.Sensors.Datasets.Checks;
using Vla.Sensors.Datasets.Edits;
using Vla.Sensors.Videos;
using static Vla.Tests.Sensors.Datasets.SmallDataset;

namespace Vla.Tests.Sensors.Datasets.Edits;

/// <summary>Datasets made of others' episodes: they pass the check, and hold what the others held.</summary>
public sealed class DatasetAssemblyTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Root => _directory.File("dataset");

    private string New => _directory.File("new");

    [Fact]
    public void Without_some_episodes_the_others_are_numbered_anew()
    {
        Record(Root, 3, 2, 4, 1);

        Keep([1, 3]);

        AssertFaultless(New);
        using var dataset = LeRobotDataset.Open(New);
        Assert.Equal([2, 1], dataset.Episodes.Select(episode => episode.Length));
        AssertRows(dataset, [3, 4, 9]);
        Assert.Equal(["task 1", "task 3"], dataset.Tasks);
        Assert.Equal("task 3", dataset.Read(dataset.Episodes[1]).Task(0));
    }

    [Fact]
    public void Statistics_are_those_of_what_is_left()
    {
        Record(Root, 3, 2, 4, 1);

        Keep([1, 3]);

        // Of the actions 4, 5 and 10.
        var action = JsonNode.Parse(File.ReadAllText(In(New, Stats)))!["action"]!;
        Assert.Equal(3, (int)action["count"]![0]!);
        Assert.Equal(4, (double)action["min"]![0]!);
        Assert.Equal(10, (double)action["max"]![0]!);
        Assert.Equal(19 / 3.0, (double)action["mean"]![0]!, 1e-9);
        Assert.Equal(Math.Sqrt((16 + 25 + 100) / 3.0 - 19 * 19 / 9.0), (double)action["std"]![0]!, 1e-9);
        var front = JsonNode.Parse(File.ReadAllText(In(New, Stats)))![DatasetFeature.FrontCamera]!;
        Assert.Equal(
            (Brightness(3) + Brightness(4) + Brightness(9)) / 3 / 255,
            (double)front["mean"]![0]![0]![0]!,
            0.01
        );
    }

    [Fact]
    public void Pictures_are_copied_as_they_were_encoded()
    {
        Record(Root, 3, 2, 4);

        Assert.Empty(Keep([1, 2]));

        var old = Mp4File.Open(In(Root, FrontVideo));
        var made = Mp4File.Open(In(New, FrontVideo));
        Assert.Equal(old.PictureSizes.Skip(3), made.PictureSizes);
    }

    [Fact]
    public void Several_become_one_with_the_tasks_of_all()
    {
        Record(Root, 3, 2);
        RecordFrom(5, 1, _directory.File("other"), 4);
        using (var first = LeRobotDataset.Open(Root))
        using (var second = LeRobotDataset.Open(_directory.File("other")))
            DatasetAssembly.Write(New, [.. All(first), .. All(second)], (_, _) => { }, default);

        AssertFaultless(New);
        using var dataset = LeRobotDataset.Open(New);
        AssertRows(dataset, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        Assert.Equal(["task 0", "task 1"], dataset.Tasks);
        Assert.Equal("task 1", dataset.Read(dataset.Episodes[2]).Task(0));
    }

    [FfmpegFact]
    public void Videos_of_different_encoders_get_files_of_their_own()
    {
        Record(Root, 3);
        var other = _directory.File("other");
        RecordFrom(3, 0, other, 4);
        Reencode(In(other, FrontVideo), 3, 4, VideoCodec.Mpeg4);
        using (var first = LeRobotDataset.Open(Root))
        using (var second = LeRobotDataset.Open(other))
            Assert.Empty(DatasetAssembly.Write(New, [.. All(first), .. All(second)], (_, _) => { }, default));

        AssertFaultless(New);
        Assert.True(File.Exists(In(New, FrontVideo.Replace("000.mp4", "001.mp4", StringComparison.Ordinal))));
        using var dataset = LeRobotDataset.Open(New);
        AssertRows(dataset, [0, 1, 2, 3, 4, 5, 6]);
    }

    [FfmpegFact]
    public void An_episode_that_does_not_begin_with_a_whole_picture_is_encoded_anew_and_that_is_said()
    {
        Record(Root, 3, 4, 1, 3);
        // One run of pictures, of which each second is whole: the first of episodes 1 and 2 are not.
        Reencode(In(Root, FrontVideo), 0, 11, VideoCodec.H264);

        var notes = Keep([0, 1, 2, 3]);

        Assert.Equal(2, notes.Count);
        Assert.All(notes, note => Assert.Contains("encoded anew", note));
        Assert.All(notes, note => Assert.Contains(DatasetFeature.FrontCamera, note));
        AssertFaultless(New);
        using var dataset = LeRobotDataset.Open(New);
        AssertRows(dataset, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        Assert.Empty(Directory.EnumerateFiles(New));
    }

    [Fact]
    public void Files_of_a_bounded_size_follow_each_other()
    {
        Record(Root, 3, 2, 4);
        EditJson(Root, Info, json => (json["data_files_size_in_mb"], json["video_files_size_in_mb"]) = (1, 1));
        // No file of this test is as large: what is looked at is that the limits are kept as they were.
        Keep([0, 1, 2]);

        var info = JsonNode.Parse(File.ReadAllText(In(New, Info)))!;
        Assert.Equal(1, (int)info["data_files_size_in_mb"]!);
        Assert.Equal(1, (int)info["video_files_size_in_mb"]!);
        AssertFaultless(New);
    }

    [Fact]
    public void Version_2_1_becomes_3_0()
    {
        OldDataset.Record(Root);

        Keep([0, 1]);

        AssertFaultless(New);
        using var dataset = LeRobotDataset.Open(New);
        Assert.Null(dataset.Note);
        AssertRows(dataset, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        Assert.Equal("task 1", dataset.Read(dataset.Episodes[1]).Task(0));
    }

    [Fact]
    public void What_is_made_can_be_recorded_to()
    {
        Record(Root, 3, 2);
        Keep([1]);

        using (var writer = DatasetWriter.Append(New, 10, SmallDataset.Features))
        {
            var recording = writer.Begin();
            using var front = new Mat(48, 64, MatType.CV_8UC3, Scalar.All(Brightness(5)));
            using var wrist = new Mat(32, 32, MatType.CV_8UC3, Scalar.All(255 - Brightness(5)));
            recording.Set(DatasetFeature.FrontCamera, front);
            recording.Set(Wrist, wrist);
            recording.Set(DatasetFeature.State, [5, -2.5f]);
            recording.Set(DatasetFeature.Action, [6, 0.25f]);
            recording.EndFrame("task 9");
            writer.Save(recording);
        }

        AssertFaultless(New);
        using var dataset = LeRobotDataset.Open(New);
        AssertRows(dataset, [3, 4, 5]);
    }

    [Fact]
    public void In_place_the_new_one_takes_the_old_ones_name()
    {
        Record(Root, 3, 2, 4);
        using (var dataset = LeRobotDataset.Open(Root))
            DatasetAssembly.Replace(Root, [.. All(dataset).Take(2)], (_, _) => { }, default);

        AssertFaultless(Root);
        using var made = LeRobotDataset.Open(Root);
        AssertRows(made, [0, 1, 2, 3, 4]);
        Assert.Equal([Root], Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void What_an_edit_that_was_killed_has_left_is_said_and_stays_there()
    {
        Record(Root, 3, 2);
        var left = Directory.CreateDirectory(_directory.File($".dataset.{Guid.NewGuid():N}.partial")).FullName;
        var aside = Directory.CreateDirectory(_directory.File($".dataset.{Guid.NewGuid():N}.partial.old")).FullName;
        // Of another dataset, and somebody's.
        Directory.CreateDirectory(_directory.File($".dataset.new.{Guid.NewGuid():N}.partial"));
        Directory.CreateDirectory(_directory.File(".dataset.mine.partial"));
        IReadOnlyList<string> notes;
        using (var dataset = LeRobotDataset.Open(Root))
            notes = DatasetAssembly.Replace(Root, [.. All(dataset).Take(1)], (_, _) => { }, default);

        Assert.Equal(2, notes.Count);
        Assert.Single(notes, note => note.Contains($"'{left}' is of an edit", StringComparison.Ordinal));
        Assert.Single(notes, note => note.Contains($"'{aside}' is of an edit", StringComparison.Ordinal));
        Assert.Equal(5, Directory.EnumerateFileSystemEntries(_directory.Path).Count());
    }

    [Fact]
    public void What_a_killed_edit_was_writing_is_removed_and_what_one_under_way_writes_is_not()
    {
        Record(Root, 3, 2);
        var killed = Directory.CreateDirectory(_directory.File($".dataset.{Guid.NewGuid():N}.partial")).FullName;
        File.WriteAllText(Path.Combine(killed, ".lock"), "");
        File.WriteAllText(Path.Combine(killed, "half"), "of it");
        var writes = Directory.CreateDirectory(_directory.File($".dataset.{Guid.NewGuid():N}.partial")).FullName;
        using var alive = new FileStream(
            Path.Combine(writes, ".lock"),
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.None
        );
        IReadOnlyList<string> notes;
        using (var dataset = LeRobotDataset.Open(Root))
            notes = DatasetAssembly.Replace(Root, [.. All(dataset).Take(1)], (_, _) => { }, default);

        Assert.Equal(2, notes.Count);
        Assert.Single(notes, note => note == $"'{killed}' was left of an edit that was killed: it is removed");
        Assert.Single(notes, note => note.StartsWith($"'{writes}' is of an edit", StringComparison.Ordinal));
        Assert.False(Directory.Exists(killed));
        Assert.True(Directory.Exists(writes));
        AssertFaultless(Root);
    }

    [Fact]
    public void One_that_fails_leaves_the_old_one_as_it_was_and_nothing_else()
    {
        Record(Root, 3, 2, 4);
        var before = Fingerprint(Root);
        ParquetEdit.Set(In(Root, Data), "frame_index", 7, 9);
        var damaged = Fingerprint(Root);
        Assert.NotEqual(before, damaged);
        using (var dataset = LeRobotDataset.Open(Root))
        {
            var exception = Assert.Throws<DatasetException>(() =>
                DatasetAssembly.Replace(Root, [.. All(dataset)], (_, _) => { }, default)
            );
            Assert.Contains("frame 2 of episode 2", exception.Message);
            Assert.Throws<DatasetException>(() =>
                DatasetAssembly.Write(New, [.. All(dataset)], (_, _) => { }, default)
            );
        }

        Assert.Equal(damaged, Fingerprint(Root));
        Assert.Equal([Root], Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void One_that_is_cancelled_leaves_the_old_one_as_it_was_and_nothing_else()
    {
        Record(Root, 3, 2, 4);
        var before = Fingerprint(Root);
        using var cancellation = new CancellationTokenSource();
        using (var dataset = LeRobotDataset.Open(Root))
            Assert.Throws<OperationCanceledException>(() =>
                DatasetAssembly.Replace(Root, [.. All(dataset)], (_, _) => cancellation.Cancel(), cancellation.Token)
            );

        Assert.Equal(before, Fingerprint(Root));
        Assert.Equal([Root], Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void An_episode_that_is_damaged_can_be_deleted()
    {
        Record(Root, 3, 2, 4);
        ParquetEdit.Set(In(Root, Data), "frame_index", 4, 9);

        Keep([0, 2]);

        AssertFaultless(New);
    }

    [Fact]
    public void Nothing_is_written_over()
    {
        Record(Root, 2);
        Directory.CreateDirectory(New);
        File.WriteAllText(Path.Combine(New, "mine"), "mine");

        Assert.Contains("is there already", Assert.Throws<DatasetException>(() => Keep([0])).Message);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(New, "mine")));
    }

    [Theory]
    [InlineData("fps", "20", "10 and 20 frames a second")]
    [InlineData("robot_type", "\"another\"", "robots are robot and another")]
    [InlineData("features/action/names", "[\"y\", \"x\"]", "action")]
    [InlineData("features/action/dtype", "\"float64\"", "float32 and float64")]
    public void What_does_not_fit_together_is_refused_with_the_difference(string key, string value, string word)
    {
        Record(Root, 2);
        var other = _directory.File("other");
        Record(other, 2);
        EditJson(
            other,
            Info,
            json =>
            {
                JsonNode at = json;
                foreach (var part in key.Split('/')[..^1])
                    at = at[part]!;
                at[key.Split('/')[^1]] = JsonNode.Parse(value);
            }
        );
        using var first = LeRobotDataset.Open(Root);
        using var second = LeRobotDataset.Open(other);

        var exception = Assert.Throws<DatasetException>(() =>
            DatasetAssembly.Write(New, [.. All(first), .. All(second)], (_, _) => { }, default)
        );

        Assert.Contains(word, exception.Message);
        Assert.Contains(other, exception.Message);
        Assert.False(Directory.Exists(New));
    }

    [Fact]
    public void A_dataset_of_no_episode_is_refused()
    {
        Record(Root, 2);

        Assert.Contains("keep one", Assert.Throws<DatasetException>(() => Keep([])).Message);
    }

    [Theory]
    [InlineData("3", "3")]
    [InlineData("3,1", "1 3")]
    [InlineData("0-2, 5,2-3", "0 1 2 3 5")]
    [InlineData("x", null)]
    [InlineData("", null)]
    [InlineData("1-2-3", null)]
    [InlineData("-1", null)]
    [InlineData("99999999999", null)]
    public void Episodes_are_named_by_numbers_and_ranges(string text, string? numbers) =>
        Assert.Equal(numbers, EpisodeNumbers.TryParse(text, 10) is { } all ? string.Join(' ', all) : null);

    [Theory]
    [InlineData("10", "no episode 10")]
    [InlineData("5-3", "go backwards")]
    public void Episodes_that_cannot_be_are_refused(string text, string word) =>
        Assert.Contains(word, Assert.Throws<DatasetException>(() => EpisodeNumbers.TryParse(text, 10)).Message);

    [Theory]
    [InlineData("a=0.5 b=50%", "a: 0 1 2 3 4; b: 5 6 7 8 9")]
    [InlineData("a=0.33 b=0.33 c=0.34", "a: 0 1 2; b: 3 4 5 6; c: 7 8 9")]
    [InlineData("test=7-9 train=0-3", "test: 7 8 9; train: 0 1 2 3")]
    public void Parts_are_shares_or_numbers(string texts, string parts) =>
        Assert.Equal(
            parts,
            string.Join(
                "; ",
                DatasetPart
                    .Parse(texts.Split(' '), 10)
                    .Select(part => $"{part.Name}: {string.Join(' ', part.Episodes)}")
            )
        );

    [Theory]
    [InlineData("a=0.7 b=0.7", "add up to 1.4")]
    [InlineData("a=0-3 b=3-5", "episode 3 is in 2 parts")]
    [InlineData("a=0.5 a=0.5", "two parts have the name a")]
    [InlineData("a=0.001", "has no episode")]
    [InlineData("../a=0.5", "no part")]
    [InlineData("..=0.5", "no part")]
    [InlineData("0.5", "no part")]
    [InlineData("a=many", "no part")]
    public void Parts_that_cannot_be_are_refused(string texts, string word) =>
        Assert.Contains(word, Assert.Throws<DatasetException>(() => DatasetPart.Parse(texts.Split(' '), 10)).Message);

    public void Dispose() => _directory.Dispose();

    private static IEnumerable<EpisodePick> All(LeRobotDataset dataset) =>
        dataset.Episodes.Select(episode => new EpisodePick(dataset, episode));

    private IReadOnlyList<string> Keep(int[] episodes)
    {
        using var dataset = LeRobotDataset.Open(Root);
        return DatasetAssembly.Write(
            New,
            [.. episodes.Select(index => new EpisodePick(dataset, dataset.Episodes[index]))],
            (_, _) => { },
            default
        );
    }

    private static void AssertFaultless(string root)
    {
        List<string> findings = [];
        DatasetCheck.Run(root, finding => findings.Add($"{finding}"));
        Assert.Equal([], findings);
    }

    /// <summary>The rows are those that were recorded with these numbers, each with its pictures.</summary>
    private static void AssertRows(LeRobotDataset dataset, int[] numbers)
    {
        var row = 0;
        foreach (var episode in dataset.Episodes)
        {
            var mine = numbers.AsSpan(row, episode.Length).ToArray();
            var frames = dataset.Read(episode);
            Assert.Equal(
                mine.SelectMany(number => new[] { number, -0.5f * number }),
                frames.Floats(DatasetFeature.State).ToArray()
            );
            Assert.Equal(
                mine.SelectMany(number => new[] { number + 1, 0.25f }),
                frames.Floats(DatasetFeature.Action).ToArray()
            );
            dataset.ReadPictures(
                episode,
                DatasetFeature.FrontCamera,
                (frame, picture) => Assert.InRange(Cv2.Mean(picture).Val1 - Brightness(mine[frame]), -3, 3)
            );
            dataset.ReadPictures(
                episode,
                Wrist,
                (frame, picture) => Assert.InRange(Cv2.Mean(picture).Val1 - 255 + Brightness(mine[frame]), -3, 3)
            );
            row += episode.Length;
        }

        Assert.Equal(numbers.Length, row);
    }

    private static void Reencode(string path, int number, int count, VideoCodec codec)
    {
        using var encoder = VideoEncoder.Create(path, 10, 64, 48, codec);
        for (var i = 0; i < count; i++)
        {
            using var picture = new Mat(48, 64, MatType.CV_8UC3, Scalar.All(Brightness(number + i)));
            encoder.Write(picture);
        }

        encoder.Finish();
    }

    private static string Fingerprint(string root) =>
        string.Join(
            '\n',
            Directory
                .EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(file => $"{file} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}")
        );
}
