using System.Text;
using System.Text.Json;
using Vla.Sensors.Text;

namespace Vla.Sensors.Datasets;

/// <summary>
/// What LeRobot's format v2.1 (and v2.0) keeps in JSON lines: tasks and episodes, each of which has files of its own.
/// </summary>
/// <remarks>
/// <c>meta/tasks.jsonl</c>: <c>{"task_index": 0, "task": "…"}</c>; <c>meta/episodes.jsonl</c>: <c>{"episode_index": 0,
/// "tasks": ["…"], "length": 266}</c>. Rows of an episode begin where those of the one before end.
/// </remarks>
internal static class LegacyTables
{
    public const string TasksFile = "meta/tasks.jsonl";
    public const string EpisodesFile = "meta/episodes.jsonl";

    private const int LargestFile = 1 << 30;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <exception cref="DatasetException">It is missing or damaged.</exception>
    public static TaskTable Tasks(string directory)
    {
        var tasks = new TaskTable();
        foreach (var (line, json) in Lines(directory, TasksFile))
        {
            var index = Whole(json, "task_index") ?? throw Damaged(directory, TasksFile, line, "has no task_index");
            var text = Text(json, "task") ?? throw Damaged(directory, TasksFile, line, "has no task");
            if (index < 0 || !tasks.TryAdd(index, text))
                throw Damaged(directory, TasksFile, line, $"has the task_index {index}, which cannot be or is taken");
        }

        return tasks;
    }

    /// <summary>All episodes, in the order of their numbers.</summary>
    /// <exception cref="DatasetException">It is missing or damaged.</exception>
    public static IReadOnlyList<DatasetEpisode> Episodes(string directory, DatasetInfo info)
    {
        SortedDictionary<int, (string[] Tasks, int Length)> found = [];
        foreach (var (line, json) in Lines(directory, EpisodesFile))
        {
            if (Whole(json, "episode_index") is not (>= 0 and <= int.MaxValue and var index))
                throw Damaged(directory, EpisodesFile, line, "has no episode_index");
            if (Whole(json, "length") is not (>= 1 and <= int.MaxValue and var length))
                throw Damaged(directory, EpisodesFile, line, $"has no length above 0 for episode {index}");
            if (Texts(json, "tasks") is not { } tasks)
                throw Damaged(directory, EpisodesFile, line, $"has no tasks for episode {index}");
            if (!found.TryAdd((int)index, (tasks, (int)length)))
                throw Damaged(directory, EpisodesFile, line, $"is a second one for episode {index}");
        }

        var first = 0L;
        var episodes = new List<DatasetEpisode>(found.Count);
        foreach (var (index, (tasks, length)) in found)
        {
            var place = new FilePlace(index / info.FilesPerChunk, index);
            var video = new VideoPlace(place, 0, double.PositiveInfinity);
            episodes.Add(
                new DatasetEpisode
                {
                    Index = index,
                    Tasks = tasks,
                    Length = length,
                    FirstIndex = first,
                    Data = place,
                    Videos = info
                        .Cameras.Where(camera => camera.Type == FeatureType.Video)
                        .ToDictionary(camera => camera.Name, _ => video),
                }
            );
            first += length;
        }

        return episodes;
    }

    /// <summary>True when statistics are kept by episode, as version 2.1 has them.</summary>
    public static bool HasEpisodeStatistics(string directory) =>
        File.Exists(Path.Combine(directory, "meta", "episodes_stats.jsonl"));

    private static IEnumerable<(int Line, JsonElement Json)> Lines(string directory, string file)
    {
        var path = Path.Combine(directory, file);
        if (!File.Exists(path))
            throw new DatasetException($"'{path}' of the dataset is missing");
        string[] lines;
        try
        {
            WaitingFile.Refuse(path);
            if (new FileInfo(path).Length > LargestFile)
                throw new DatasetException($"'{path}' is larger than {LargestFile >> 20} MB");
            lines = File.ReadAllLines(path, Utf8);
        }
        catch (Exception exception)
            when (exception is DecoderFallbackException or IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"'{path}' cannot be read: {exception.Message}", exception);
        }

        for (var i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            yield return (i + 1, Parse(directory, file, i + 1, lines[i]));
        }
    }

    private static JsonElement Parse(string directory, string file, int line, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw Damaged(directory, file, line, "is not an object");
        }
        catch (JsonException exception)
        {
            throw Damaged(directory, file, line, $"is not JSON: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static DatasetException Damaged(string directory, string file, int line, string what) =>
        new($"'{Path.Combine(directory, file)}' is damaged: line {line} {what}");

    private static long? Whole(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt64(out var number)
            ? number
            : null;

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? Text(value) : null;

    private static string[]? Texts(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Array
        && value.EnumerateArray().Select(Text).OfType<string>().ToArray() is var texts
        && texts.Length == value.GetArrayLength()
            ? texts
            : null;

    private static string? Text(JsonElement json)
    {
        try
        {
            return json.ValueKind == JsonValueKind.String ? json.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a pair of surrogates is no text.
            return null;
        }
    }
}
