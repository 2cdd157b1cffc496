using System.Globalization;
using OpenCvSharp;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Sensors.Videos;

namespace Vla.Sensors.Datasets;

/// <summary>Reads a dataset in LeRobot's format v3.0, or v2.1, recorded here or by LeRobot.</summary>
/// <remarks>
/// <para>
/// Rows and pictures belong together by their times, as LeRobot has it. What contradicts itself is refused, with the
/// file, the episode and the frame: values that are null, rows that are another episode's, times that are not those of
/// the rate, frames without a picture.
/// </para>
/// <para>
/// For one thread: open it once for each. Reading episodes in their order is quickest, since neighbours share files.
/// </para>
/// </remarks>
public sealed class LeRobotDataset : IDisposable
{
    private readonly TaskTable _tasks;
    private readonly EpisodeRows _rows;
    private readonly Dictionary<string, EpisodeVideo> _videos = [];

    private LeRobotDataset(string directory, DatasetInfo info, TaskTable tasks, IReadOnlyList<DatasetEpisode> episodes)
    {
        (Directory, Info, _tasks, Tasks, Episodes) = (directory, info, tasks, tasks.Texts, episodes);
        _rows = new EpisodeRows(directory, info, tasks, episodes);
    }

    /// <summary>Where it lies.</summary>
    public string Directory { get; }

    /// <summary>What <c>meta/info.json</c> says.</summary>
    public DatasetInfo Info { get; }

    /// <summary>All instructions, in the order of their <c>task_index</c>.</summary>
    public IReadOnlyList<string> Tasks { get; }

    /// <summary>In the order of their numbers.</summary>
    public IReadOnlyList<DatasetEpisode> Episodes { get; }

    /// <summary>What there is to say of how it is read, in words; null when there is nothing.</summary>
    public string? Note =>
        Info.IsOld
            ? $"dataset '{Directory}' is of LeRobot's version {Info.CodebaseVersion[1..]}, read as it is "
                + "(vla dataset convert makes one of version 3.0)"
            : null;

    /// <summary>Opens a dataset.</summary>
    /// <exception cref="DatasetException">It is missing, damaged, of another version, or contradicts
    /// itself.</exception>
    public static LeRobotDataset Open(string directory) => Open(directory, isWhole: true);

    /// <param name="directory">The dataset.</param>
    /// <param name="isWhole">False for one that a killed recording may have left with other counts than it has.</param>
    internal static LeRobotDataset Open(string directory, bool isWhole)
    {
        var info = DatasetInfo.Read(directory);
        var episodes = EpisodeTable.Read(directory, info);
        if (isWhole)
            EpisodeTable.RequireCounts(directory, info, episodes);
        var tasks = info.IsOld ? LegacyTables.Tasks(directory) : ReadTasks(directory, episodes.Count > 0);
        return new LeRobotDataset(directory, info, tasks, episodes);
    }

    /// <summary>Reads the numbers of an episode.</summary>
    /// <exception cref="DatasetException">A file is missing or damaged, or contradicts the others.</exception>
    public EpisodeFrames Read(DatasetEpisode episode)
    {
        _rows.Check(episode);
        var columns = new Dictionary<string, Array>();
        foreach (var feature in Info.Features)
        {
            if (feature.Type == FeatureType.Float32)
                columns[feature.Name] = _rows.Numbers<float>(episode, feature.Name, feature.Count);
            else if (feature.Type == FeatureType.Int64)
                columns[feature.Name] = _rows.Numbers<long>(episode, feature.Name, feature.Count);
        }

        return new EpisodeFrames(episode.Length, columns, _tasks);
    }

    /// <summary>Decodes the pictures of an episode, in order.</summary>
    /// <param name="episode">The episode.</param>
    /// <param name="camera">A camera's feature.</param>
    /// <param name="take">Is given each frame's index in the episode and its picture, BGR, 8 bits; the picture's memory
    /// is reused.</param>
    /// <exception cref="DatasetException">A file is missing or damaged, a frame has no picture, or one is of another
    /// size.</exception>
    public void ReadPictures(DatasetEpisode episode, string camera, Action<int, Mat> take)
    {
        var feature =
            Info.Cameras.FirstOrDefault(feature => feature.Name == camera)
            ?? throw new DatasetException(
                $"dataset '{Directory}' has no camera {camera}; it has "
                    + $"{string.Join(", ", Info.Cameras.Select(one => one.Name))}"
            );
        OpenCvNative.EnsureLoaded();
        var times = _rows.Check(episode);
        if (feature.Type == FeatureType.Image)
        {
            ReadImages(episode, feature, take);
            return;
        }

        var place = episode.Videos[camera];
        var video = OpenVideo(camera, place.File);
        try
        {
            for (var frame = 0; frame < times.Length; frame++)
            {
                var due = place.From + times[frame];
                var picture =
                    video.Find(due, EpisodeRows.ToleranceAt(due), out var nearest)
                    ?? throw NoPicture(video, episode, frame, due, nearest);
                RequireSize(feature, picture, episode, frame);
                take(frame, picture);
            }
        }
        catch (VideoException exception)
        {
            throw new DatasetException(exception.Message, exception);
        }
    }

    /// <summary>
    /// Makes sure that everything is there and fits, as far as that shows without decoding every picture.
    /// </summary>
    /// <exception cref="DatasetException">Something does not.</exception>
    public void Check()
    {
        OpenCvNative.EnsureLoaded();
        foreach (var episode in Episodes)
        {
            Read(episode);
            foreach (var camera in Info.Cameras.Where(camera => camera.Type == FeatureType.Video))
                CheckVideo(episode, camera);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        foreach (var video in _videos.Values)
            video.Dispose();
    }

    internal TaskTable TaskTable => _tasks;

    internal EpisodeRows Rows => _rows;

    private static TaskTable ReadTasks(string directory, bool isNeeded)
    {
        var path = TaskTable.PathIn(directory);
        return isNeeded || File.Exists(path) ? TaskTable.Read(path) : new TaskTable();
    }

    private void CheckVideo(DatasetEpisode episode, DatasetFeature camera)
    {
        var place = episode.Videos[camera.Name];
        var video = OpenVideo(camera.Name, place.File);
        if (!place.HasRoomFor(episode.Length, Info.Fps))
            throw new DatasetException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"dataset '{Directory}' contradicts itself: episode {episode.Index} has {episode.Length} frames "
                        + $"at {Info.Fps:0.###} a second, but goes from {place.From:0.###} s to {place.To:0.###} s "
                        + $"of its {camera.Name} video"
                )
            );
        // How long the file says that it is does not count: LeRobot's loader asks for a picture at each frame's time.
        try
        {
            foreach (var frame in (ReadOnlySpan<int>)[0, episode.Length - 1])
            {
                var due = place.From + frame / Info.Fps;
                var picture =
                    video.Find(due, EpisodeRows.ToleranceAt(due), out var nearest)
                    ?? throw NoPicture(video, episode, frame, due, nearest);
                RequireSize(camera, picture, episode, frame);
            }
        }
        catch (VideoException exception)
        {
            throw new DatasetException(exception.Message, exception);
        }
    }

    private EpisodeVideo OpenVideo(string camera, FilePlace place)
    {
        var path = Info.VideoFile(Directory, camera, place);
        if (_videos.TryGetValue(camera, out var video) && video.Path == path)
            return video;
        try
        {
            _videos.Remove(camera);
            video?.Dispose();
            return _videos[camera] = EpisodeVideo.Open(path);
        }
        catch (Exception exception) when (exception is VideoException or CameraException)
        {
            throw new DatasetException(exception.Message, exception);
        }
    }

    private DatasetException NoPicture(
        EpisodeVideo video,
        DatasetEpisode episode,
        int frame,
        double seconds,
        double nearest
    )
    {
        var found = double.IsNaN(nearest)
            ? "it ends before"
            : FormattableString.Invariant($"the next is at {nearest:0.####} s");
        return new DatasetException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"video '{video.Path}' has no picture for frame {frame} of episode {episode.Index}, at "
                    + $"{seconds:0.####} s: {found}{Info.RateBeside(video.Fps)}"
            )
        );
    }

    private void RequireSize(DatasetFeature camera, Mat picture, DatasetEpisode episode, int frame)
    {
        if (camera.WrongSize(picture.Size()) is { } wrong)
            throw new DatasetException(
                $"dataset '{Directory}' contradicts itself: the {camera.Name} picture of frame {frame} of episode "
                    + $"{episode.Index} {wrong}"
            );
    }

    private void ReadImages(DatasetEpisode episode, DatasetFeature camera, Action<int, Mat> take)
    {
        var frame = 0;
        foreach (var file in _rows.Pictures(episode, camera.Name))
        {
            using var picture = Decoded(
                file,
                $"the {camera.Name} picture of frame {frame} of episode {episode.Index} in '{Directory}'"
            );
            RequireSize(camera, picture, episode, frame);
            take(frame++, picture);
        }
    }

    private static Mat Decoded(byte[] file, string name)
    {
        try
        {
            return PictureDecoder.Decode(file);
        }
        catch (PictureException e)
        {
            throw new DatasetException($"{name} {e.Message}", e);
        }
    }
}
