using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Vla.Sensors.Videos;

namespace Vla.Sensors.Datasets;

/// <summary>What <c>meta/info.json</c> says of a dataset: its features, rate, counts and where its files are.</summary>
public sealed partial class DatasetInfo
{
    /// <summary>The version of LeRobot's form that is written.</summary>
    public const string Version = "v3.0";

    internal const string DataPath = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";
    internal const string VideoPath = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4";

    private const string OldDataPath = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet";
    private const string OldVideoPath = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 4 };

    private const int LargestFps = 10_000;
    private const int LargestFile = 16 << 20;
    private const int LargestSide = 1 << 15;
    private const long MostNumbers = 1 << 20;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly JsonObject _json;
    private readonly string _dataPath;
    private readonly string _videoPath;

    /// <exception cref="JsonException">Something in it cannot be.</exception>
    private DatasetInfo(JsonObject json, IReadOnlyList<DatasetFeature> features)
    {
        (_json, Features) = (json, features);
        CodebaseVersion = (string?)json["codebase_version"] ?? Version;
        RobotType = (string?)json["robot_type"];
        Fps = (double?)json["fps"] is { } fps and > 0 and <= LargestFps
            ? fps
            : throw new JsonException($"fps must be a number above 0, at most {LargestFps}");
        FilesPerChunk = Whole(json, "chunks_size") is { } files and > 0 ? (int)Math.Min(files, int.MaxValue) : 1_000;
        TotalEpisodes = Whole(json, "total_episodes");
        TotalFrames = Whole(json, "total_frames");
        TotalTasks = Whole(json, "total_tasks");
        _dataPath = (string?)json["data_path"] ?? (IsOld ? OldDataPath : DataPath);
        _videoPath = (string?)json["video_path"] ?? (IsOld ? OldVideoPath : VideoPath);
    }

    /// <summary>LeRobot's format that it is in: <c>v3.0</c>.</summary>
    public string CodebaseVersion { get; }

    /// <summary>
    /// True for format v2.1 or v2.0, where each episode has files of its own; they are read, never written.
    /// </summary>
    public bool IsOld => CodebaseVersion.StartsWith("v2.", StringComparison.Ordinal);

    /// <summary>The robot's name; null when it is not said.</summary>
    public string? RobotType { get; }

    /// <summary>Frames a second.</summary>
    public double Fps { get; }

    /// <summary>All features, in the file's order; the standard ones included.</summary>
    public IReadOnlyList<DatasetFeature> Features { get; }

    /// <summary>The features that hold pictures, in the order of the file.</summary>
    public IEnumerable<DatasetFeature> Cameras => Features.Where(feature => feature.IsPicture);

    /// <summary>Files in one <c>chunk-…</c> folder.</summary>
    internal int FilesPerChunk { get; }

    /// <summary>As counted; null when it is not said.</summary>
    internal long? TotalEpisodes { get; }

    /// <summary>As counted; null when it is not said.</summary>
    internal long? TotalFrames { get; }

    /// <summary>As counted; null when it is not said.</summary>
    internal long? TotalTasks { get; }

    /// <summary>For a new dataset.</summary>
    internal static DatasetInfo Create(
        int fps,
        string robotType,
        IReadOnlyList<DatasetFeature> features,
        VideoCodec? codec = null
    )
    {
        var all = new JsonObject();
        foreach (var feature in features)
            all[feature.Name] = Describe(feature, fps, (codec ?? VideoCodec.Mpeg4).Name);
        var json = new JsonObject
        {
            ["codebase_version"] = Version,
            ["robot_type"] = robotType,
            ["total_episodes"] = 0,
            ["total_frames"] = 0,
            ["total_tasks"] = 0,
            ["chunks_size"] = 1000,
            ["data_files_size_in_mb"] = 100,
            ["video_files_size_in_mb"] = 200,
            ["fps"] = fps,
            ["splits"] = new JsonObject(),
            ["data_path"] = DataPath,
            ["video_path"] = features.Any(feature => feature.Type == FeatureType.Video) ? VideoPath : null,
            ["features"] = all,
        };
        // As if read: numbers in a file have no types, those made here do.
        return new DatasetInfo(JsonNode.Parse(json.ToJsonString())!.AsObject(), features);
    }

    /// <exception cref="DatasetException">It is no dataset, a damaged one, or one of another version.</exception>
    internal static DatasetInfo Read(string directory)
    {
        if (!Directory.Exists(directory))
            throw new DatasetException($"there is no dataset '{directory}'");
        var path = Path.Combine(directory, "meta", "info.json");
        if (!File.Exists(path))
            throw new DatasetException($"'{directory}' is not a LeRobot dataset: it has no meta/info.json");
        try
        {
            if (new FileInfo(path).Length > LargestFile)
                throw new JsonException($"it is larger than {LargestFile >> 20} MB");
            var json =
                JsonNode.Parse(Utf8.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF')) as JsonObject
                ?? throw new JsonException("it is not an object");
            var version = (string?)json["codebase_version"] ?? throw new JsonException("codebase_version is missing");
            if (version.Split('.')[0] is not ("v2" or "v3"))
                throw new DatasetException(
                    $"dataset '{directory}' has LeRobot's format {version}; v2.0, v2.1 and {Version} are read: "
                        + "convert it with LeRobot"
                );
            var features = json["features"] as JsonObject ?? throw new JsonException("features are missing");
            return new DatasetInfo(json, [.. features.Select(pair => ReadFeature(pair.Key, pair.Value))]);
        }
        catch (DecoderFallbackException exception)
        {
            throw new DatasetException($"'{path}' is not UTF-8 (byte {exception.Index})", exception);
        }
        catch (Exception exception)
            when (exception
                    is JsonException
                        or OverflowException
                        or InvalidOperationException
                        or FormatException
                        or ArgumentException
            )
        {
            throw new DatasetException($"'{path}' is damaged: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"'{path}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>For a dataset of format v3.0 with the same features, and no episode yet.</summary>
    internal DatasetInfo Anew()
    {
        var json = _json.DeepClone().AsObject();
        json["codebase_version"] = Version;
        json["data_path"] = DataPath;
        json["video_path"] = Features.Any(feature => feature.Type == FeatureType.Video) ? VideoPath : null;
        json["chunks_size"] = FilesPerChunk;
        json["data_files_size_in_mb"] = LargestDataFile >> 20;
        json["video_files_size_in_mb"] = LargestVideoFile >> 20;
        json.Remove("total_chunks");
        json.Remove("total_videos");
        // As if read, as above.
        return new DatasetInfo(JsonNode.Parse(json.ToJsonString())!.AsObject(), Features);
    }

    /// <summary>A data file that has grown to this is followed by another, bytes.</summary>
    internal long LargestDataFile => (Megabytes("data_files_size_in_mb") ?? 100) << 20;

    /// <summary>A video that has grown to this is followed by another, bytes.</summary>
    internal long LargestVideoFile => (Megabytes("video_files_size_in_mb") ?? 200) << 20;

    private long? Megabytes(string name) =>
        _json[name] is JsonValue value && value.TryGetValue<long>(out var size) && size is > 0 and < LargestFile
            ? size
            : null;

    /// <summary>What its videos are encoded in, FFmpeg's name; null when it is not said.</summary>
    internal string? VideoCodecName =>
        Cameras
            .Where(camera => camera.Type == FeatureType.Video)
            .Select(camera =>
                Text(_json["features"]?[camera.Name]?["info"], "video.codec")
                ?? Text(_json["features"]?[camera.Name]?["video_info"], "video.codec")
            )
            .FirstOrDefault();

    /// <summary>
    /// How a video's rate differs from the dataset's, to be added to a message; empty where it does not.
    /// </summary>
    internal string RateBeside(double fps) =>
        fps > 0 && Math.Abs(fps - Fps) > 0.01
            ? FormattableString.Invariant($"; it has {fps:0.###} pictures a second, the dataset {Fps:0.###} frames")
            : "";

    /// <summary>What a feature's values are, as it is written: <c>float32</c>.</summary>
    internal string? TypeOf(string feature) => Text(_json["features"]?[feature], "dtype");

    /// <summary>Writes the file with new counts.</summary>
    internal void Write(string directory, int episodes, long frames, int tasks)
    {
        _json["total_episodes"] = episodes;
        _json["total_frames"] = frames;
        _json["total_tasks"] = tasks;
        _json["splits"] = new JsonObject { ["train"] = string.Create(CultureInfo.InvariantCulture, $"0:{episodes}") };
        DatasetFiles.Replace(
            Path.Combine(directory, "meta", "info.json"),
            temporary => File.WriteAllText(temporary, _json.ToJsonString(Indented))
        );
    }

    internal string DataFile(string directory, FilePlace place) => PathOf(directory, _dataPath, place);

    internal string VideoFile(string directory, string camera, FilePlace place) =>
        PathOf(directory, _videoPath, place, camera);

    internal static string EpisodesFile(string directory, FilePlace place) =>
        PathOf(directory, "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet", place);

    /// <summary>A field of a path that nobody fills in; null when there is none.</summary>
    internal static string? UnknownField(string template) =>
        AnyField().Matches(template).Select(match => match.Value).FirstOrDefault(field => !Field().IsMatch(field));

    private static string PathOf(string directory, string template, FilePlace place, string camera = "")
    {
        var path = Field()
            .Replace(
                template,
                match =>
                {
                    var digits = match.Groups[2].Success ? match.Groups[2].Value : "1";
                    return match.Groups[1].Value switch
                    {
                        "video_key" => camera,
                        "chunk_index" or "episode_chunk" => Number(place.Chunk),
                        _ => Number(place.File),
                    };

                    string Number(int one) => one.ToString($"D{digits}", CultureInfo.InvariantCulture);
                }
            );

        // A dataset from elsewhere names files of its own only.
        return !Path.IsPathRooted(path) && !path.Split('/', '\\').Contains("..") && !path.Contains('\0')
            ? Path.Combine(directory, path)
            : throw new DatasetException(
                $"dataset '{directory}' wants the file '{path}', which is not within it (data_path or video_path in "
                    + "meta/info.json)"
            );
    }

    private static string? Text(JsonNode? json, string name) =>
        json is JsonObject one && one[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static long? Whole(JsonObject json, string name) =>
        json[name] is null ? null
        : (long)json[name]! is var number and >= 0 ? number
        : throw new JsonException($"{name} is below 0");

    private static JsonObject Describe(DatasetFeature feature, int fps, string codec)
    {
        var json = new JsonObject
        {
            ["dtype"] = feature.Type switch
            {
                FeatureType.Float32 => "float32",
                FeatureType.Int64 => "int64",
                _ => "video",
            },
            ["shape"] = new JsonArray([.. feature.Shape.Select(size => JsonValue.Create(size))]),
            ["names"] = feature.Names is { } names
                ? new JsonArray([.. names.Select(name => JsonValue.Create(name))])
                : null,
        };
        if (feature.Type == FeatureType.Video)
        {
            json["info"] = new JsonObject
            {
                ["video.height"] = feature.Shape[0],
                ["video.width"] = feature.Shape[1],
                ["video.codec"] = codec,
                ["video.pix_fmt"] = "yuv420p",
                ["video.fps"] = fps,
                ["video.channels"] = 3,
                ["has_audio"] = false,
                ["is_depth_map"] = false,
            };
        }

        return json;
    }

    private static DatasetFeature ReadFeature(string name, JsonNode? json)
    {
        if (json is not JsonObject feature)
            throw new JsonException($"feature {name} is not an object");
        var type = (string?)feature["dtype"] switch
        {
            { } number when DatasetFeature.FractionTypes.Contains(number) => FeatureType.Float32,
            { } number when DatasetFeature.WholeTypes.Contains(number) => FeatureType.Int64,
            "video" => FeatureType.Video,
            "image" => FeatureType.Image,
            _ => FeatureType.Other,
        };
        var shape = feature["shape"] is JsonArray sizes
            ? sizes
                .Select(size => (int)(size ?? throw new JsonException($"a size of feature {name} is null")))
                .ToArray()
            : [1];
        var count = shape.Aggregate(1.0, (product, size) => product * size);
        var isPicture = type is FeatureType.Video or FeatureType.Image;
        if (
            type != FeatureType.Other
            && (shape.Any(size => size < 1) || (isPicture ? shape.Max() > LargestSide : count > MostNumbers))
        )
            throw new JsonException($"feature {name} has the shape [{string.Join(", ", shape)}], which cannot be");

        // Some recorders group the names: {"motors": ["shoulder", …]}.
        var names = feature["names"] is JsonObject { Count: 1 } group
            ? group.First().Value as JsonArray
            : feature["names"] as JsonArray;
        return new DatasetFeature(name, type, shape, names?.Select(text => text?.ToString() ?? "").ToArray());
    }

    [GeneratedRegex(@"\{(video_key|chunk_index|file_index|episode_chunk|episode_index)(?::0?(\d{1,2})d)?\}")]
    private static partial Regex Field();

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex AnyField();
}

/// <summary>Which file of a kind: <c>chunk-CCC/file-FFF</c>.</summary>
internal readonly record struct FilePlace(int Chunk, int File)
{
    public FilePlace Next(int filesPerChunk) =>
        File + 1 >= filesPerChunk ? new FilePlace(Chunk + 1, 0) : this with { File = File + 1 };
}
