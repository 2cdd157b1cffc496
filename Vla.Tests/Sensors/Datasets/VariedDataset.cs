using System.Globalization;
using System.Text.Json.Nodes;
using OpenCvSharp;
using Vla.Sensors.Datasets;
using Vla.Sensors.Datasets.Edits;
using Vla.Sensors.Videos;
using static Vla.Tests.Sensors.Datasets.SmallDataset;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>
/// A dataset of two episodes, 4 and 3 frames, with what the format allows besides the usual: pictures in the tables,
/// videos of several codecs, rates and files, numbers of any width, tables, texts, rates that are not whole, odd names.
/// </summary>
internal static class VariedDataset
{
    public const double Fps = 12.5;
    public const string Odd = "observation.images.über 100%_{x}";
    public const string Packed = "observation.images.packed";
    public const string Fast = "observation.images.fast";
    public const int Frames = 7;

    private static readonly int[] Lengths = [4, 3];

    public static readonly string[] Texts = ["", "press \"⏎\"\n{video_key} 📦"];

    /// <param name="directory">Made.</param>
    /// <param name="codec">Of the odd camera's videos.</param>
    public static void Write(string directory, VideoCodec codec)
    {
        DatasetFeature[] features =
        [
            new(Odd, FeatureType.Video, [64, 96, 3], ["height", "width", "channels"]),
            new(Fast, FeatureType.Video, [64, 64, 3], ["height", "width", "channels"]),
            DatasetFeature.Floats(DatasetFeature.Action, ["a b", "a/b", "ä"]),
            DatasetFeature.Floats("next.reward", 1),
            new("next.done", FeatureType.Int64, [1]),
            DatasetFeature.Floats("table", 6),
            new("small", FeatureType.Int64, [2]),
            DatasetFeature.Floats("words", 1),
            new(Packed, FeatureType.Image, [8, 10, 3], ["height", "width", "channels"]),
            .. DatasetFeature.Standard,
        ];
        DatasetInfo.Create(10, "robot", features).Write(directory, 2, Frames, 2);
        EditJson(
            directory,
            Info,
            json =>
            {
                json["fps"] = Fps;
                json["chunks_size"] = 1;
                var all = json["features"]!;
                all["action"]!["dtype"] = "float64";
                all["next.done"]!["dtype"] = "bool";
                all["small"]!["dtype"] = "int32";
                all["words"]!["dtype"] = "string";
                all[Packed]!["dtype"] = "image";
                all["table"]!["shape"] = new JsonArray(2, 3);
            }
        );
        var first = 0;
        for (var episode = 0; episode < Lengths.Length; episode++)
        {
            Data(directory, episode, first, features);
            Video(directory, Odd, episode, Lengths[episode], 96, 64, codec, every: 1, first);
            first += Lengths[episode];
        }

        // Twice as many pictures as frames, all episodes in one file.
        Video(directory, Fast, 0, Frames, 64, 64, VideoCodec.OfThisMachine(64), every: 2, 0);
        Meta(directory);
    }

    public static double Brightness(int row) => 20 + 25 * row;

    private static void Data(string directory, int episode, int first, DatasetFeature[] features)
    {
        var length = Lengths[episode];
        int[] rows = [.. Enumerable.Range(first, length)];
        var table = features.First(feature => feature.Name == "table") with { Shape = [2, 3] };
        List<ParquetColumn> columns =
        [
            ParquetColumn.Lists("action", rows.SelectMany(row => new[] { row + 0.1, 1e300, -row }).ToArray(), 3),
            ParquetColumn.Scalars("next.reward", rows.Select(row => row / 2f).ToArray()),
            ParquetColumn.Scalars("next.done", rows.Select(row => row == first + length - 1).ToArray()),
            ParquetColumn.Of(table, rows.SelectMany(row => Enumerable.Range(0, 6).Select(i => row + i / 8f)).ToArray()),
            ParquetColumn.Lists("small", rows.SelectMany(row => new[] { row, -row }).ToArray(), 2),
            ParquetColumn.Texts("words", [.. rows.Select(row => $"wörd {row}")]),
            new PackedPictures(Packed, [.. rows.Select(row => Png(10, 8, Brightness(row)))]),
            ParquetColumn.Scalars("timestamp", rows.Select(row => (float)((row - first) / Fps)).ToArray()),
            ParquetColumn.Scalars("frame_index", rows.Select(row => (long)row - first).ToArray()),
            ParquetColumn.Scalars("episode_index", rows.Select(_ => (long)episode).ToArray()),
            ParquetColumn.Scalars("index", rows.Select(row => (long)row).ToArray()),
            ParquetColumn.Scalars("task_index", rows.Select(_ => (long)episode).ToArray()),
        ];
        Table(directory, $"data/chunk-00{episode}/file-000.parquet", columns);
    }

    private static void Meta(string directory)
    {
        List<ParquetColumn> columns =
        [
            ParquetColumn.Scalars("episode_index", [0L, 1]),
            ParquetColumn.TextLists(
                "tasks",
                [
                    [Texts[0]],
                    [Texts[1]],
                ]
            ),
            ParquetColumn.Scalars("length", [4L, 3]),
            ParquetColumn.Scalars("data/chunk_index", [0L, 1]),
            ParquetColumn.Scalars("data/file_index", [0L, 0]),
            ParquetColumn.Scalars("dataset_from_index", [0L, 4]),
            ParquetColumn.Scalars("dataset_to_index", [4L, 7]),
            .. Places(Odd, [0, 1], [0, 0], [4 / Fps, 3 / Fps]),
            .. Places(Fast, [0, 0], [0, 4 / Fps], [4 / Fps, 7 / Fps]),
            ParquetColumn.Scalars("meta/episodes/chunk_index", [0L, 0]),
            ParquetColumn.Scalars("meta/episodes/file_index", [0L, 0]),
        ];
        Table(directory, "meta/episodes/chunk-000/file-000.parquet", columns);
        Table(
            directory,
            "meta/tasks.parquet",
            [ParquetColumn.Scalars("task_index", [0L, 1]), ParquetColumn.Texts("task", Texts)]
        );
    }

    private static ParquetColumn[] Places(string camera, long[] chunks, double[] from, double[] to) =>
        [
            ParquetColumn.Scalars($"videos/{camera}/chunk_index", chunks),
            ParquetColumn.Scalars($"videos/{camera}/file_index", [0L, 0]),
            ParquetColumn.Scalars($"videos/{camera}/from_timestamp", from),
            ParquetColumn.Scalars($"videos/{camera}/to_timestamp", to),
        ];

    private static void Table(string directory, string file, IReadOnlyList<ParquetColumn> columns)
    {
        var path = In(directory, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        ParquetTable.Write(path, columns);
    }

    private static void Video(
        string directory,
        string camera,
        int chunk,
        int frames,
        int width,
        int height,
        VideoCodec codec,
        int every,
        int first
    )
    {
        var path = In(directory, $"videos/{camera}/chunk-00{chunk}/file-000.mp4");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Encoded at a whole rate, then given its own.
        var whole = path + ".whole.mp4";
        using (var encoder = VideoEncoder.Create(whole, 25, width, height, codec))
        {
            for (var i = 0; i < frames * every; i++)
            {
                // What lies between frames is as nothing else is.
                var brightness = i % every == 0 ? Brightness(first + i / every) : 255;
                using var picture = new Mat(height, width, MatType.CV_8UC3, Scalar.All(brightness));
                encoder.Write(picture);
            }

            encoder.Finish();
        }

        Mp4Join.Write([whole], path, Fps * every);
        File.Delete(whole);
    }

    private static byte[] Png(int width, int height, double brightness)
    {
        using var picture = new Mat(height, width, MatType.CV_8UC3, Scalar.All(brightness));
        Cv2.ImEncode(".png", picture, out var bytes);
        return bytes;
    }

    /// <summary>The name of a text of a row.</summary>
    public static string Word(int row) => string.Create(CultureInfo.InvariantCulture, $"wörd {row}");
}
