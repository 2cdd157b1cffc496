using System.Globalization;
using Vla.Sensors.Videos;

namespace Vla.Sensors.Datasets;

/// <summary>Records a dataset in LeRobot's format v3.0, episode by episode.</summary>
/// <remarks>
/// <para>
/// After every saved episode the dataset on disk is whole, so a recording that is killed loses the episode under way
/// and nothing else. Parquet and MP4 files cannot be read before their ends are written; so each is written anew beside
/// the old one, with the new episode added, and put in its place. To keep that cheap, a file is left alone once it has
/// <see cref="EpisodesPerFile"/> episodes or <see cref="LargestFile"/> bytes.
/// </para>
/// <para>For one thread; recordings may be made on others.</para>
/// </remarks>
public sealed class DatasetWriter : IDisposable
{
    /// <summary>Episodes in one data, video and metadata file.</summary>
    public const int EpisodesPerFile = 64;

    /// <summary>A file that has grown to this is followed by another, bytes.</summary>
    public const long LargestFile = 32 << 20;

    private readonly string _directory;
    private readonly DatasetInfo _info;
    private readonly IReadOnlyList<DatasetFeature> _features;
    private readonly FileStream _lock;
    private readonly VideoCodec _codec;
    private TaskTable _tasks = new();
    private readonly List<EpisodeEntry> _inFile = [];
    private readonly DatasetSummary _summary;
    private FilePlace _place;
    private bool _fileIsFull;

    private DatasetWriter(
        string directory,
        DatasetInfo info,
        IReadOnlyList<DatasetFeature> features,
        FileStream theLock,
        VideoCodec codec
    )
    {
        (_directory, _info, _features, _lock, _codec) = (directory, info, features, theLock, codec);
        Note = features.Any(feature => feature.Type == FeatureType.Video) ? codec.Note : null;
        _summary = new DatasetSummary(directory, info);
    }

    /// <summary>Episodes saved, those of earlier recordings included.</summary>
    public int Episodes { get; private set; }

    /// <summary>Frames of all episodes.</summary>
    public long Frames { get; private set; }

    /// <summary>What there is to say of how it records, in words; null when there is nothing.</summary>
    public string? Note { get; private init; }

    private string UnfinishedFolder => DatasetLock.FolderIn(_directory);

    /// <summary>Begins a new dataset.</summary>
    /// <param name="directory">Made if it is not there; must be empty.</param>
    /// <param name="fps">Frames a second.</param>
    /// <param name="robotType">The robot's name.</param>
    /// <param name="features">What is recorded besides the standard columns.</param>
    /// <exception cref="DatasetException">The directory cannot be used.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fps"/> is not positive.</exception>
    public static DatasetWriter Create(
        string directory,
        int fps,
        string robotType,
        IReadOnlyList<DatasetFeature> features
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(fps);
        foreach (var camera in features.Where(feature => feature.Type == FeatureType.Video))
        {
            // Videos have half the resolution of colours.
            if (camera.Shape[0] % 2 != 0 || camera.Shape[1] % 2 != 0)
                throw new DatasetException(
                    $"pictures of {camera.Shape[1]}x{camera.Shape[0]} cannot be recorded: width and height must be even"
                );
        }

        if (Exists(directory))
            throw new DatasetException(
                $"'{directory}' is a dataset already; --resume goes on with it, or name another"
            );
        if (File.Exists(directory))
            throw new DatasetException($"'{directory}' is a file; name a directory");
        if (
            Directory.Exists(directory)
            && Directory
                .EnumerateFileSystemEntries(directory)
                .Any(entry => Path.GetFileName(entry) != DatasetFiles.Unfinished)
        )
            throw new DatasetException($"'{directory}' is not empty; name a new directory");
        var codec = VideoCodec.OfThisMachine(SmallestSide(features));
        var info = DatasetInfo.Create(fps, robotType, [.. features, .. DatasetFeature.Standard], codec);
        var writer = new DatasetWriter(directory, info, features, DatasetLock.Take(directory), codec);
        info.Write(directory, 0, 0, 0);
        return writer;
    }

    /// <summary>Goes on with a dataset, after putting right what a killed recording left.</summary>
    /// <param name="directory">The dataset.</param>
    /// <param name="fps">As it was recorded.</param>
    /// <param name="features">As it was recorded.</param>
    /// <exception cref="DatasetException">It is no dataset, or was recorded with another rate or other
    /// features.</exception>
    public static DatasetWriter Append(string directory, int fps, IReadOnlyList<DatasetFeature> features)
    {
        var info = DatasetInfo.Read(directory);
        if (info.IsOld)
            throw new DatasetException(
                $"'{directory}' is of LeRobot's version {info.CodebaseVersion[1..]}, which is only read: record into "
                    + "another directory, or convert it first (vla dataset convert)"
            );
        if (info.Fps != fps)
            throw new DatasetException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{directory}' has {info.Fps:0.##} frames a second, this recording {fps}: record into another "
                        + $"directory"
                )
            );
        DatasetFeature[] all = [.. features, .. DatasetFeature.Standard];
        foreach (var feature in all)
        {
            if (!info.Features.Any(feature.Fits))
                throw new DatasetException(
                    $"'{directory}' has no feature {feature}, which this recording has: record into another directory"
                );
            if (info.TypeOf(feature.Name) is { } type && type is not ("float32" or "int64" or "video"))
                throw new DatasetException(
                    $"'{directory}' has {feature.Name} as {type}, this recording would have it in another type: "
                        + "record into another directory"
                );
        }

        if (info.Features.FirstOrDefault(theirs => !all.Any(theirs.Fits)) is { } extra)
            throw new DatasetException(
                $"'{directory}' has a feature {extra}, which this recording lacks: record into another directory"
            );

        // As it was begun, where this machine can.
        var codec = info.VideoCodecName is { } name
            ? VideoCodec.Find(name, FfmpegProgram.OfThisMachine, SmallestSide(features))
            : null;
        var best = VideoCodec.OfThisMachine(SmallestSide(features));
        var writer = new DatasetWriter(directory, info, features, DatasetLock.Take(directory), codec ?? best)
        {
            Note =
                codec is null && info.VideoCodecName is { } other
                    ? $"'{directory}' has videos in {other}, which this machine cannot encode: new ones are in "
                        + $"{best.Name}, in files of their own"
                    : codec?.Note,
        };
        try
        {
            writer.TakeUp();
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    private static int SmallestSide(IReadOnlyList<DatasetFeature> features) =>
        features
            .Where(feature => feature.Type == FeatureType.Video)
            .Select(camera => Math.Min(camera.Shape[0], camera.Shape[1]))
            .DefaultIfEmpty(int.MaxValue)
            .Min();

    /// <summary>True when there is a dataset in a directory.</summary>
    public static bool Exists(string directory) => File.Exists(Path.Combine(directory, "meta", "info.json"));

    /// <summary>What is recorded in a dataset, from its <c>meta/info.json</c> alone.</summary>
    /// <exception cref="DatasetException">It cannot be read.</exception>
    public static IReadOnlyList<DatasetFeature> FeaturesOf(string directory) => DatasetInfo.Read(directory).Features;

    /// <summary>Begins an episode; may be called from any thread.</summary>
    public EpisodeRecording Begin() => new(_features, UnfinishedFolder, (int)_info.Fps, _codec);

    /// <summary>Adds an episode to the dataset and disposes of the recording.</summary>
    /// <exception cref="DatasetException">It cannot be written, since the disk is full or nobody may; the dataset has
    /// to be taken up anew then.</exception>
    public void Save(EpisodeRecording recording)
    {
        try
        {
            using (recording)
                SaveWhole(recording);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or VideoException)
        {
            throw new DatasetException(
                $"an episode cannot be saved to '{_directory}': {exception.Message.ReplaceLineEndings(" ")}",
                exception
            );
        }
    }

    /// <summary>Frames of the episode that was saved last; null where there is none of this writer's.</summary>
    public int? LastLength => _inFile.Count == 0 ? null : _inFile[^1].Length;

    /// <summary>
    /// Takes the episode that was saved last out again; the dataset has to be taken up anew then, which puts the rest
    /// right.
    /// </summary>
    /// <exception cref="DatasetException">It cannot be written.</exception>
    public void TakeBackLast()
    {
        _inFile.RemoveAt(_inFile.Count - 1);
        var file = DatasetInfo.EpisodesFile(_directory, _place);
        try
        {
            if (_inFile.Count == 0)
                File.Delete(file);
            else
                DatasetFiles.Replace(
                    file,
                    path => ParquetTable.Write(path, EpisodeEntry.Columns(_inFile, _info, _place))
                );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(
                $"an episode cannot be taken out of '{_directory}': {exception.Message.ReplaceLineEndings(" ")}",
                exception
            );
        }
    }

    private void SaveWhole(EpisodeRecording recording)
    {
        if (recording.Length == 0)
            return;
        BeginFileIfNeeded();
        var places = SaveTasks(recording);
        var statistics = new Dictionary<string, FeatureStatistics>();
        SaveRows(recording, places, statistics);
        var before = _inFile.Sum(entry => entry.Length);
        foreach (var (feature, i) in _features.Select((feature, i) => (feature, i)))
        {
            if (feature.Type == FeatureType.Video)
                statistics[feature.Name] = SaveVideo(recording, i, feature.Name);
        }

        _inFile.Add(
            new EpisodeEntry(Episodes, [.. recording.FrameTasks], recording.Length, Frames, _place, statistics)
            {
                Videos = _features
                    .Where(feature => feature.Type == FeatureType.Video)
                    .ToDictionary(
                        camera => camera.Name,
                        _ => new VideoPlace(_place, before / _info.Fps, (before + recording.Length) / _info.Fps)
                    ),
            }
        );
        DatasetFiles.Replace(
            DatasetInfo.EpisodesFile(_directory, _place),
            path => ParquetTable.Write(path, EpisodeEntry.Columns(_inFile, _info, _place))
        );
        Episodes++;
        Frames += recording.Length;
        _summary.Add(statistics);
        WriteSummary();
        _fileIsFull =
            _inFile.Count >= EpisodesPerFile || FilesOf(_place).Any(path => new FileInfo(path).Length >= LargestFile);
    }

    /// <inheritdoc/>
    public void Dispose() => DatasetLock.Release(_directory, _lock);

    private IEnumerable<string> FilesOf(FilePlace place) =>
        _features
            .Where(feature => feature.Type == FeatureType.Video)
            .Select(camera => _info.VideoFile(_directory, camera.Name, place))
            .Prepend(_info.DataFile(_directory, place));

    private void BeginFileIfNeeded()
    {
        if (!_fileIsFull)
            return;
        _place = _place.Next(_info.FilesPerChunk);
        _inFile.Clear();
        _fileIsFull = false;
    }

    /// <summary>Reads what is there, and leaves out rows that no episode counts.</summary>
    private void TakeUp()
    {
        using var dataset = LeRobotDataset.Open(_directory, isWhole: false);
        _tasks = dataset.TaskTable;
        Episodes = dataset.Episodes.Count;
        Frames = dataset.Episodes.Count == 0 ? 0 : dataset.Episodes[^1].EndIndex;
        _summary.Add(EpisodeStatisticsTable.Read(_directory, _info).Sums());
        if (Episodes > 0)
            (_place, _fileIsFull) = (
                dataset.Episodes.Select(episode => episode.LastPlace).MaxBy(place => (place.Chunk, place.File)),
                true
            );
        DatasetRepair.DropUncounted(dataset);
        WriteSummary();
    }

    /// <summary>Gives new tasks an index.</summary>
    /// <returns>Indices by the recording's own.</returns>
    private long[] SaveTasks(EpisodeRecording recording)
    {
        var known = _tasks.Count;
        long[] places = [.. recording.Tasks.Select(_tasks.IndexOf)];
        if (_tasks.Count > known)
            DatasetFiles.Replace(TaskTable.PathIn(_directory), _tasks.Write);
        return places;
    }

    private void SaveRows(EpisodeRecording recording, long[] places, Dictionary<string, FeatureStatistics> statistics)
    {
        var length = recording.Length;
        var columns = new List<ParquetColumn>();
        for (var i = 0; i < _features.Count; i++)
        {
            var feature = _features[i];
            if (feature.Type == FeatureType.Float32)
                Add(feature, recording.Floats(i));
            else if (feature.Type == FeatureType.Int64)
                Add(
                    feature,
                    feature.AreTasks
                        ? Array.ConvertAll(recording.Integers(i), task => places[task])
                        : recording.Integers(i)
                );
        }

        var standard = DatasetFeature.Standard;
        Add(standard[0], [.. Enumerable.Range(0, length).Select(i => (float)(i / _info.Fps))]);
        Add(standard[1], [.. Enumerable.Range(0, length).Select(i => (long)i)]);
        Add(standard[2], [.. Enumerable.Repeat((long)Episodes, length)]);
        Add(standard[3], [.. Enumerable.Range(0, length).Select(i => Frames + i)]);
        Add(standard[4], [.. recording.TaskOfFrame.Select(task => places[task])]);

        var file = _info.DataFile(_directory, _place);
        DatasetFiles.Replace(
            file,
            path =>
            {
                if (_inFile.Count == 0)
                {
                    ParquetTable.Write(path, columns);
                    return;
                }

                File.Copy(file, path);
                ParquetTable.Append(path, columns);
            }
        );

        void Add<T>(DatasetFeature feature, T[] values)
            where T : struct, System.Numerics.INumber<T>
        {
            columns.Add(ParquetColumn.Of(feature, values));
            statistics[feature.Name] = FeatureStatistics.Of<T>(values, feature.Count);
        }
    }

    private FeatureStatistics SaveVideo(EpisodeRecording recording, int feature, string camera)
    {
        var (path, pixels) = recording.FinishVideo(feature);
        var file = _info.VideoFile(_directory, camera, _place);
        string[] parts = _inFile.Count == 0 ? [path] : [file, path];
        DatasetFiles.Replace(file, output => Mp4Join.Write(parts, output, _info.Fps));
        return pixels;
    }

    private void WriteSummary() => _summary.Write(Episodes, Frames, _tasks.Count);
}
