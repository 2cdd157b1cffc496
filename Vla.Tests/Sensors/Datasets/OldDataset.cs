using System.Text.Json.Nodes;
using Vla.Sensors.Datasets;
using static Vla.Tests.Sensors.Datasets.SmallDataset;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>The same as <see cref="SmallDataset"/> in format v2.1: each episode in files of its own.</summary>
internal static class OldDataset
{
    private static readonly int[] Lengths = [6, 5];

    public static string Data(int episode) => $"data/chunk-000/episode_00000{episode}.parquet";

    public static string Video(string camera, int episode) => $"videos/chunk-000/{camera}/episode_00000{episode}.mp4";

    public static void Record(string directory)
    {
        var first = 0;
        for (var episode = 0; episode < Lengths.Length; episode++)
        {
            var length = Lengths[episode];
            var one = $"{directory}-{episode}";
            RecordFrom(first, episode, one, length);
            Move(In(one, SmallDataset.Data), In(directory, Data(episode)));
            ParquetEdit.Put(
                In(directory, Data(episode)),
                ParquetColumn.Scalars("index", Enumerable.Range(first, length).Select(i => (long)i).ToArray()),
                ParquetColumn.Scalars("episode_index", Enumerable.Repeat((long)episode, length).ToArray()),
                ParquetColumn.Scalars("task_index", Enumerable.Repeat((long)episode, length).ToArray())
            );
            foreach (var camera in (string[])[DatasetFeature.FrontCamera, Wrist])
                Move(In(one, $"videos/{camera}/chunk-000/file-000.mp4"), In(directory, Video(camera, episode)));
            Directory.CreateDirectory(In(directory, "meta"));
            File.Copy(In(one, Info), In(directory, Info), overwrite: true);
            Directory.Delete(one, recursive: true);
            first += length;
        }

        EditJson(
            directory,
            Info,
            json =>
            {
                json["codebase_version"] = "v2.1";
                json["total_episodes"] = Lengths.Length;
                json["total_frames"] = Lengths.Sum();
                json["total_tasks"] = Lengths.Length;
                json["total_chunks"] = 1;
                json["total_videos"] = 4;
                json["data_path"] = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet";
                json["video_path"] = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4";
            }
        );
        Lines("tasks", episode => new JsonObject { ["task_index"] = episode, ["task"] = $"task {episode}" });
        Lines(
            "episodes",
            episode => new JsonObject
            {
                ["episode_index"] = episode,
                ["tasks"] = new JsonArray($"task {episode}"),
                ["length"] = Lengths[episode],
            }
        );
        Lines(
            "episodes_stats",
            episode => new JsonObject { ["episode_index"] = episode, ["stats"] = new JsonObject() }
        );

        void Lines(string file, Func<int, JsonObject> line) =>
            File.WriteAllLines(
                In(directory, $"meta/{file}.jsonl"),
                Enumerable.Range(0, Lengths.Length).Select(episode => line(episode).ToJsonString())
            );
    }

    private static void Move(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Move(from, to);
    }
}
