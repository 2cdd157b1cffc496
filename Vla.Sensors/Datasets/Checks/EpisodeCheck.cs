using System.Globalization;

namespace Vla.Sensors.Datasets.Checks;

/// <summary><c>meta/episodes</c>: LeRobot takes an episode by its row among those of all files.</summary>
internal static class EpisodeCheck
{
    private const string Folder = "meta/episodes";

    /// <returns>Those of which it is known where they are, in their order.</returns>
    public static IReadOnlyList<DatasetEpisode> Run(
        string directory,
        DatasetInfo info,
        TaskTable? tasks,
        FindingLog log
    )
    {
        var before = log.Faults;
        var episodes = info.IsOld ? ReadOld(directory, info, log) : ReadFiles(directory, info, log);
        var all = episodes.Select(one => one.Episode).ToList();
        LookAtOrder(episodes, log);
        if (tasks is not null)
            LookAtTasks(episodes, tasks, log);
        foreach (var camera in info.Cameras.Where(camera => camera.Type == FeatureType.Video))
            LookAtVideos(episodes, camera.Name, info, log);
        // What could not be read is missing from the sums too: once is enough.
        if (log.Faults == before)
            LookAtCounts(info, all, log);
        return [.. all.GroupBy(one => one.Index).Select(group => group.First()).OrderBy(one => one.Index)];
    }

    private static List<(DatasetEpisode Episode, string File)> ReadOld(
        string directory,
        DatasetInfo info,
        FindingLog log
    )
    {
        try
        {
            return [.. LegacyTables.Episodes(directory, info).Select(one => (one, LegacyTables.EpisodesFile))];
        }
        catch (DatasetException exception)
        {
            log.Fault(LegacyTables.EpisodesFile, "unreadable", exception.Message);
            return [];
        }
    }

    private static List<(DatasetEpisode Episode, string File)> ReadFiles(
        string directory,
        DatasetInfo info,
        FindingLog log
    )
    {
        List<(DatasetEpisode, string)> all = [];
        var files = EpisodeTable.Files(directory);
        if (files.Length == 0 && info.TotalEpisodes > 0)
            log.Fault(Folder, "missing", "there is no Parquet file in it");
        foreach (var path in files)
        {
            var file = DatasetFiles.NameOf(directory, path);
            if (Path.GetRelativePath(directory, path).Split(Path.DirectorySeparatorChar).Length != 4)
                log.Note(file, "folder", "LeRobot looks for chunk-…/file-… only, and does not see it");
            try
            {
                var episodes = EpisodeTable.ReadFile(path, info);
                foreach (var one in episodes.Where(one => EpisodesFile(directory, one) != path))
                    log.Fault(
                        file,
                        "meta/episodes",
                        $"it is said to be in {Path.GetRelativePath(directory, EpisodesFile(directory, one))}",
                        one.Index
                    );
                all.AddRange(episodes.Select(one => (one, file)));
            }
            catch (DatasetException exception)
            {
                log.Fault(file, "unreadable", exception.Message);
            }
        }

        return all;
    }

    private static string EpisodesFile(string directory, DatasetEpisode episode) =>
        DatasetInfo.EpisodesFile(directory, episode.Metadata);

    private static void LookAtOrder(List<(DatasetEpisode Episode, string File)> episodes, FindingLog log)
    {
        var end = 0L;
        for (var row = 0; row < episodes.Count; row++)
        {
            var (episode, file) = episodes[row];
            if (episode.Index != row)
                log.Fault(
                    file,
                    "an episode at another's place",
                    $"it is at the place of episode {row}, which LeRobot takes it for",
                    episode.Index
                );
            if (episode.FirstIndex != end)
                log.Fault(
                    file,
                    "a beginning that is not the end of the one before",
                    $"its dataset_from_index is {episode.FirstIndex}, the episode before ends at {end}",
                    episode.Index
                );
            end = episode.EndIndex;
        }
    }

    private static void LookAtTasks(
        List<(DatasetEpisode Episode, string File)> episodes,
        TaskTable tasks,
        FindingLog log
    )
    {
        var known = tasks.Texts.ToHashSet();
        foreach (var (episode, file) in episodes)
        {
            if (episode.Tasks.Count == 0)
                log.Fault(file, "no task", "it has no task", episode.Index);
            foreach (var task in episode.Tasks.Where(task => !known.Contains(task)))
                log.Fault(file, "an unknown task", $"its task \"{task}\" is not in the table of tasks", episode.Index);
        }
    }

    private static void LookAtVideos(
        List<(DatasetEpisode Episode, string File)> episodes,
        string camera,
        DatasetInfo info,
        FindingLog log
    )
    {
        foreach (var (episode, file) in episodes)
        {
            var place = episode.Videos[camera];
            if (!place.HasRoomFor(episode.Length, info.Fps))
                log.Fault(
                    file,
                    "an end before the last frame",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"it goes from {place.From:0.####} s to {place.To:0.####} s of the {camera} video, but its "
                            + $"last frame is at {place.LastFrame(episode.Length, info.Fps):0.####} s"
                    ),
                    episode.Index
                );
        }

        foreach (var group in episodes.GroupBy(one => one.Episode.Videos[camera].File))
        {
            var inOrder = group.OrderBy(one => one.Episode.Videos[camera].From).ToList();
            foreach (var ((first, _), (second, file)) in inOrder.Zip(inOrder.Skip(1)))
            {
                var last = first.Videos[camera].LastFrame(first.Length, info.Fps);
                if (second.Videos[camera].From <= last + EpisodeRows.Tolerance)
                    log.Fault(
                        file,
                        "pictures of two episodes",
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"it begins at {second.Videos[camera].From:0.####} s of the {camera} video, among the "
                                + $"pictures of episode {first.Index}"
                        ),
                        second.Index
                    );
            }
        }
    }

    private static void LookAtCounts(DatasetInfo info, List<DatasetEpisode> episodes, FindingLog log)
    {
        if (info.TotalEpisodes is { } count && count != episodes.Count)
            log.Fault(InfoCheck.File, "total_episodes", $"total_episodes is {count}, there are {episodes.Count}");
        var frames = episodes.Sum(episode => (long)episode.Length);
        if (info.TotalFrames is { } total && total != frames)
            log.Fault(InfoCheck.File, "total_frames", $"total_frames is {total}, the episodes have {frames}");
    }
}
