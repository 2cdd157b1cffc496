using System.Text.Json.Nodes;
using OpenCvSharp;
using Vla.Sensors.Datasets;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>
/// A recorded dataset of two episodes, 6 and 5 frames at 10 a second, with two cameras, a state and an action.
/// </summary>
internal static class SmallDataset
{
    public const string Data = "data/chunk-000/file-000.parquet";
    public const string Episodes = "meta/episodes/chunk-000/file-000.parquet";
    public const string Tasks = "meta/tasks.parquet";
    public const string Info = "meta/info.json";
    public const string Stats = "meta/stats.json";
    public const string FrontVideo = "videos/observation.images.front/chunk-000/file-000.mp4";
    public const string Wrist = "observation.images.wrist";
    public const int Rows = 11;

    public static readonly DatasetFeature[] Features =
    [
        DatasetFeature.Camera(DatasetFeature.FrontCamera, 64, 48),
        DatasetFeature.Camera(Wrist, 32, 32),
        DatasetFeature.Floats(DatasetFeature.State, ["x", "y"]),
        DatasetFeature.Floats(DatasetFeature.Action, ["x", "y"]),
    ];

    public static void Record(string directory, params int[] lengths) => RecordFrom(0, 0, directory, lengths);

    /// <param name="number">The first row's, by which its values and pictures are chosen.</param>
    /// <param name="task">The first episode's.</param>
    /// <param name="directory">Made.</param>
    /// <param name="lengths">Frames of each episode.</param>
    public static void RecordFrom(int number, int task, string directory, params int[] lengths)
    {
        using var writer = DatasetWriter.Create(directory, 10, "robot", Features);
        foreach (var (length, episode) in (lengths is [] ? [6, 5] : lengths).Select((length, i) => (length, i)))
        {
            var recording = writer.Begin();
            for (var frame = 0; frame < length; frame++, number++)
            {
                using var front = new Mat(48, 64, MatType.CV_8UC3, Scalar.All(Brightness(number)));
                using var wrist = new Mat(32, 32, MatType.CV_8UC3, Scalar.All(255 - Brightness(number)));
                recording.Set(DatasetFeature.FrontCamera, front);
                recording.Set(Wrist, wrist);
                recording.Set(DatasetFeature.State, [number, -0.5f * number]);
                recording.Set(DatasetFeature.Action, [number + 1, 0.25f]);
                recording.EndFrame($"task {task + episode}");
            }

            writer.Save(recording);
        }
    }

    /// <summary>How bright the front camera's picture of a row is.</summary>
    public static double Brightness(int row) => 20 + 8 * row;

    public static string In(string root, string file) => Path.Combine(root, file);

    public static void EditJson(string root, string file, Action<JsonObject> edit)
    {
        var path = In(root, file);
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        edit(json);
        File.WriteAllText(path, json.ToJsonString());
    }
}
