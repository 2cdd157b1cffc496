using OpenCvSharp;
using Vla.Sensors.Datasets;
using Vla.Sensors.Datasets.Checks;
using Vla.Sensors.Datasets.Edits;
using Vla.Sensors.Videos;
using static Vla.Tests.Sensors.Datasets.SmallDataset;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>Whatever format v3.0 allows is read, checked and copied.</summary>
public sealed class VariedDatasetTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Root => _directory.File("dataset");

    [Fact]
    public void Its_numbers_texts_and_tasks_are_read()
    {
        VariedDataset.Write(Root, VideoCodec.OfThisMachine(64));

        using var dataset = LeRobotDataset.Open(Root);
        var frames = dataset.Read(dataset.Episodes[1]);

        Assert.Equal(VariedDataset.Fps, dataset.Info.Fps);
        Assert.Equal([4.1f, float.PositiveInfinity, -4], frames.Floats("action")[..3].ToArray());
        Assert.Equal([2f, 2.5f, 3], frames.Floats("next.reward").ToArray());
        Assert.Equal([0L, 0, 1], frames.Integers("next.done").ToArray());
        Assert.Equal([4f, 4.125f, 4.25f, 4.375f, 4.5f, 4.625f], frames.Floats("table")[..6].ToArray());
        Assert.Equal([4L, -4, 5, -5, 6, -6], frames.Integers("small").ToArray());
        Assert.Equal(VariedDataset.Texts[1], frames.Task(0));
        Assert.Equal(VariedDataset.Texts[0], dataset.Read(dataset.Episodes[0]).Task(3));
    }

    [Fact]
    public void Each_frame_has_its_own_picture_of_each_camera()
    {
        VariedDataset.Write(Root, VideoCodec.OfThisMachine(64));

        AssertPictures(Root);
    }

    [FfmpegFact]
    public void In_AV1_too()
    {
        VariedDataset.Write(Root, VideoCodec.Av1);

        AssertPictures(Root);
    }

    [Fact]
    public void Pictures_may_be_kept_as_bytes_without_a_structure()
    {
        VariedDataset.Write(Root, VideoCodec.OfThisMachine(64));
        var png = Png();
        foreach (
            var (file, rows) in new[] { ("data/chunk-000/file-000.parquet", 4), ("data/chunk-001/file-000.parquet", 3) }
        )
            Rewrite(
                file,
                new NullableColumn<ReadOnlyMemory<byte>>(
                    VariedDataset.Packed,
                    [.. Enumerable.Repeat((ReadOnlyMemory<byte>?)png, rows)]
                )
            );

        using var dataset = LeRobotDataset.Open(Root);
        var seen = 0;
        dataset.ReadPictures(
            dataset.Episodes[1],
            VariedDataset.Packed,
            (_, picture) =>
            {
                Assert.Equal(99, Cv2.Mean(picture).Val0, 0.01);
                seen++;
            }
        );
        Assert.Equal(3, seen);
    }

    [Fact]
    public void Its_check_finds_no_fault()
    {
        VariedDataset.Write(Root, VideoCodec.OfThisMachine(64));

        Assert.DoesNotContain(Look(Root), finding => finding.IsFault);
    }

    [Fact]
    public void A_damaged_picture_among_the_columns_is_found()
    {
        VariedDataset.Write(Root, VideoCodec.OfThisMachine(64));
        Rewrite(
            "data/chunk-001/file-000.parquet",
            new NullableColumn<ReadOnlyMemory<byte>>(VariedDataset.Packed, [Png(), Png().AsMemory(0, 40), Png()])
        );

        Assert.Contains(
            Look(Root),
            finding =>
                finding is { IsFault: true, Episode: 1, Frame: 1 }
                && finding.What.Contains("packed", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void All_of_it_is_copied()
    {
        VariedDataset.Write(Root, VideoCodec.OfThisMachine(64));
        var copy = _directory.File("copy");
        using (var dataset = LeRobotDataset.Open(Root))
            DatasetAssembly.Write(
                copy,
                [.. dataset.Episodes.Select(episode => new EpisodePick(dataset, episode))],
                (_, _) => { },
                default
            );

        Assert.Equal([], Look(copy).Where(finding => finding.IsFault).Select(finding => $"{finding}"));
        AssertPictures(copy);
        using var table = ParquetTable.Open(Path.Combine(copy, "data/chunk-000/file-000.parquet"));
        Assert.Equal(1e300, table.AllNumbers<double>("action", 3)[4]);
        Assert.Equal(Enumerable.Range(0, 7).Select(VariedDataset.Word), table.Texts("words"));
        Assert.Equal([0L, 0, 0, 1, 0, 0, 1], table.AllNumbers<long>("next.done"));
        Assert.Equal(2, table.LeafOf("table")!.Levels.Repetition);
        Assert.Equal(6.625f, table.AllNumbers<float>("table", 6)[^1]);
    }

    public void Dispose() => _directory.Dispose();

    private static void AssertPictures(string root)
    {
        using var dataset = LeRobotDataset.Open(root);
        foreach (var camera in (string[])[VariedDataset.Odd, VariedDataset.Fast, VariedDataset.Packed])
        {
            foreach (var episode in dataset.Episodes.Reverse())
            {
                var seen = new List<double>();
                dataset.ReadPictures(episode, camera, (_, picture) => seen.Add(Cv2.Mean(picture).Val1));
                Assert.Equal(episode.Length, seen.Count);
                for (var frame = 0; frame < seen.Count; frame++)
                    Assert.InRange(seen[frame] - VariedDataset.Brightness((int)episode.FirstIndex + frame), -4, 4);
            }
        }
    }

    private static byte[] Png()
    {
        using var picture = new Mat(8, 10, MatType.CV_8UC3, Scalar.All(99));
        Cv2.ImEncode(".png", picture, out var bytes);
        return bytes;
    }

    private void Rewrite(string file, ParquetColumn pictures)
    {
        var path = In(Root, file);
        ParquetEdit.Drop(path, $"{VariedDataset.Packed}/bytes", $"{VariedDataset.Packed}/path");
        ParquetEdit.Put(path, pictures);
    }

    private static List<DatasetFinding> Look(string root)
    {
        List<DatasetFinding> findings = [];
        DatasetCheck.Run(root, findings.Add);
        return findings;
    }
}
