using OpenCvSharp;
using Vla.Sensors.Images;

namespace Vla.Sensors.Datasets;

/// <summary>Reads a dataset in LeRobot's format v3.0, recorded here or by LeRobot.</summary>
/// <remarks>
/// For one thread: open it once for each. Reading episodes in their order is quickest, since neighbours share files.
/// </remarks>
public sealed class LeRobotDataset : IDisposable
{
    private readonly Dictionary<FilePlace, long> _firstIndex;
    private readonly Dictionary<string, EpisodeVideo> _videos = [];
    private (FilePlace Place, ParquetTable Table)? _open;

    private LeRobotDataset(string directory, DatasetInfo info, IReadOnlyList<string> tasks, IReadOnlyList<DatasetEpisode> episodes)
    {
        (Directory, Info, Tasks, Episodes) = (directory, info, tasks, episodes);
        _firstIndex = episodes.GroupBy(episode => episode.Data).ToDictionary(group => group.Key, group => group.Min(episode => episode.FirstIndex));
    }

    public string Directory { get; }

    public DatasetInfo Info { get; }

    /// <summary>All instructions, by their <c>task_index</c>.</summary>
    public IReadOnlyList<string> Tasks { get; }

    public IReadOnlyList<DatasetEpisode> Episodes { get; }

    /// <summary>Opens a dataset.</summary>
    /// <exception cref="DatasetException">It is missing, damaged or of another version.</exception>
    public static LeRobotDataset Open(string directory)
    {
        var info = DatasetInfo.Read(directory);
        var episodes = EpisodeFiles(directory).SelectMany(path => ReadEpisodes(path, info)).OrderBy(episode => episode.Index).ToArray();
        var tasks = TaskTable.PathIn(directory);
        return new LeRobotDataset(directory, info, episodes.Length > 0 || File.Exists(tasks) ? TaskTable.Read(tasks) : [], episodes);
    }

    /// <summary>Reads the numbers of an episode.</summary>
    /// <exception cref="DatasetException">A file is missing or damaged.</exception>
    public EpisodeFrames Read(DatasetEpisode episode)
    {
        var columns = new Dictionary<string, Array>();
        foreach (var feature in Info.Features)
        {
            if (feature.Type == FeatureType.Float32) columns[feature.Name] = Column<float>(episode, feature);
            else if (feature.Type == FeatureType.Int64) columns[feature.Name] = Column<long>(episode, feature);
        }

        return new EpisodeFrames(episode.Length, columns, Tasks);
    }

    /// <summary>Decodes the pictures of an episode, in order.</summary>
    /// <param name="episode">The episode.</param>
    /// <param name="camera">A camera's feature.</param>
    /// <param name="take">Is given each frame's index in the episode and its picture, BGR, 8 bits; the picture's memory is reused.</param>
    /// <exception cref="DatasetException">The file is missing or damaged, or has fewer pictures.</exception>
    public void ReadPictures(DatasetEpisode episode, string camera, Action<int, Mat> take)
    {
        var feature = Info.Cameras.FirstOrDefault(feature => feature.Name == camera)
            ?? throw new DatasetException($"dataset '{Directory}' has no camera {camera}; it has {string.Join(", ", Info.Cameras.Select(one => one.Name))}");
        OpenCvNative.EnsureLoaded();
        if (feature.Type == FeatureType.Image)
        {
            ReadImages(episode, camera, take);
            return;
        }

        var (place, from) = episode.Videos[camera];
        var path = Info.VideoFile(Directory, camera, place);
        if (!_videos.TryGetValue(camera, out var video) || video.Path != path)
        {
            video?.Dispose();
            _videos[camera] = video = EpisodeVideo.Open(path);
        }

        video.Seek((int)Math.Round(from * Info.Fps));
        using var picture = new Mat();
        for (var i = 0; i < episode.Length; i++)
        {
            if (!video.Read(picture))
                throw new DatasetException($"video '{path}' has no picture for frame {i} of episode {episode.Index}: it is damaged, or in a format OpenCV cannot decode");
            take(i, picture);
        }
    }

    public void Dispose()
    {
        _open?.Table.Dispose();
        foreach (var video in _videos.Values) video.Dispose();
    }

    /// <summary>Each feature's statistics over all episodes, from those of each.</summary>
    internal IReadOnlyDictionary<string, FeatureStatistics> EpisodeStatistics()
    {
        var all = new Dictionary<string, FeatureStatistics>();
        foreach (var path in EpisodeFiles(Directory))
        {
            using var table = ParquetTable.Open(path);
            foreach (var feature in Info.Features)
            {
                if (!table.Has($"stats/{feature.Name}/count")) continue;
                var counts = table.Numbers<long>($"stats/{feature.Name}/count");
                double[][] columns = [.. FeatureStatistics.Names.Select(name => table.Has($"stats/{feature.Name}/{name}")
                    ? table.Numbers<double>($"stats/{feature.Name}/{name}")
                    : table.Numbers<double>($"stats/{feature.Name}/mean"))];
                var width = columns[0].Length / counts.Length;
                for (var i = 0; i < counts.Length; i++)
                {
                    var one = FeatureStatistics.From([.. columns.Select(column => column[(i * width)..((i + 1) * width)])], counts[i]);
                    all[feature.Name] = all.TryGetValue(feature.Name, out var before) ? before.With(one) : one;
                }
            }
        }

        return all;
    }

    private static string[] EpisodeFiles(string directory)
    {
        var folder = Path.Combine(directory, "meta", "episodes");
        if (!System.IO.Directory.Exists(folder)) return [];
        string[] files = [.. System.IO.Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories)];
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    private static DatasetEpisode[] ReadEpisodes(string path, DatasetInfo info)
    {
        using var table = ParquetTable.Open(path);
        var indices = table.Numbers<int>("episode_index");
        var lengths = Of("length");
        var first = table.Numbers<long>("dataset_from_index");
        var data = Places("data");
        var metadata = Places("meta/episodes");
        var tasks = table.TextLists("tasks");
        var videos = info.Features.Where(feature => feature.Type == FeatureType.Video)
            .Select(camera => (camera.Name, Places: Places($"videos/{camera.Name}"), From: table.Numbers<double>($"videos/{camera.Name}/from_timestamp")))
            .ToArray();
        if (lengths.Length != indices.Length || first.Length != indices.Length || tasks.Count != indices.Length)
            throw new DatasetException($"'{path}' is damaged: its columns differ in length");
        var episodes = new DatasetEpisode[indices.Length];
        for (var i = 0; i < episodes.Length; i++)
        {
            episodes[i] = new DatasetEpisode
            {
                Index = indices[i],
                Tasks = tasks[i],
                Length = lengths[i],
                FirstIndex = first[i],
                Data = data[i],
                Metadata = metadata[i],
                Videos = videos.ToDictionary(video => video.Name, video => (video.Places[i], video.From[i])),
            };
        }

        return episodes;

        int[] Of(string column) => table.Numbers<int>(column);

        FilePlace[] Places(string kind) =>
            [.. Of($"{kind}/chunk_index").Zip(Of($"{kind}/file_index"), (chunk, file) => new FilePlace(chunk, file))];
    }

    private void ReadImages(DatasetEpisode episode, string camera, Action<int, Mat> take)
    {
        var i = 0;
        ForGroups(episode, (table, group, from, to) =>
        {
            var files = table.Blobs($"{camera}/bytes", group);
            for (var row = from; row < to; row++)
            {
                using var picture = Decoded(files[row], $"the picture of frame {i} of episode {episode.Index} in '{Directory}'");
                take(i++, picture);
            }
        });
    }

    private static Mat Decoded(byte[] file, string name)
    {
        try
        {
            return PictureDecoder.Decode(file);
        }
        catch (PictureException e)
        {
            throw new DatasetException($"{name} {e.Message}");
        }
    }

    private T[] Column<T>(DatasetEpisode episode, DatasetFeature feature)
        where T : struct, System.Numerics.INumber<T>
    {
        var width = feature.Count;
        var values = new T[episode.Length * width];
        var filled = 0;
        ForGroups(episode, (table, group, from, to) =>
        {
            var numbers = table.Numbers<T>(feature.Name, group);
            if (numbers.Length != table.GroupRows[group] * width)
                throw new DatasetException($"column {feature.Name} of dataset '{Directory}' is damaged: a row of it has not {width} values");
            numbers.AsSpan(from * width, (to - from) * width).CopyTo(values.AsSpan(filled));
            filled += (to - from) * width;
        });
        return values;
    }

    /// <summary>Visits the row groups that hold an episode, with the range of its rows in each.</summary>
    private void ForGroups(DatasetEpisode episode, Action<ParquetTable, int, int, int> visit)
    {
        if (_open is not { } open || open.Place != episode.Data)
        {
            _open?.Table.Dispose();
            _open = null;
            _open = open = (episode.Data, ParquetTable.Open(Info.DataFile(Directory, episode.Data)));
        }

        var begin = (int)(episode.FirstIndex - _firstIndex[episode.Data]);
        var (row, seen) = (0, 0);
        for (var group = 0; group < open.Table.GroupRows.Count && row < begin + episode.Length; group++)
        {
            var rows = open.Table.GroupRows[group];
            var from = Math.Clamp(begin - row, 0, rows);
            var to = Math.Clamp(begin + episode.Length - row, 0, rows);
            if (to > from) visit(open.Table, group, from, to);
            seen += to - from;
            row += rows;
        }

        if (seen != episode.Length)
            throw new DatasetException($"dataset '{Directory}' is damaged: episode {episode.Index} has {seen} of its {episode.Length} frames");
    }
}
