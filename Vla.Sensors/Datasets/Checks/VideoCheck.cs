using System.Globalization;
using OpenCvSharp;
using Vla.Sensors.Cameras;
using Vla.Sensors.Videos;

namespace Vla.Sensors.Datasets.Checks;

/// <summary>
/// A camera's videos: each frame has a picture at its time, of the size that is said, and all can be decoded.
/// </summary>
internal static class VideoCheck
{
    public static void Run(
        string directory,
        DatasetInfo info,
        DatasetFeature camera,
        IReadOnlyList<DatasetEpisode> episodes,
        FindingLog log
    )
    {
        foreach (
            var group in episodes
                .GroupBy(episode => episode.Videos[camera.Name].File)
                .OrderBy(group => (group.Key.Chunk, group.Key.File))
        )
        {
            string path;
            try
            {
                path = info.VideoFile(directory, camera.Name, group.Key);
            }
            catch (DatasetException exception)
            {
                log.Fault(InfoCheck.File, "video_path", exception.Message);
                return;
            }

            LookAt(directory, path, info, camera, [.. group], log);
        }
    }

    private static void LookAt(
        string directory,
        string path,
        DatasetInfo info,
        DatasetFeature camera,
        List<DatasetEpisode> episodes,
        FindingLog log
    )
    {
        var file = DatasetFiles.NameOf(directory, path);
        List<double> times = [];
        var fps = 0.0;
        var isCut = false;
        try
        {
            using var video = VideoReader.Open(path);
            using var picture = new Mat();
            fps = video.Fps;
            var saidSize = false;
            while (video.Read(picture, out var seconds))
            {
                times.Add(seconds);
                if (saidSize || camera.WrongSize(picture.Size()) is not { } wrong)
                    continue;
                saidSize = true;
                log.Fault(file, "size", $"its {camera.Name} {wrong}");
            }
        }
        catch (Exception exception) when (exception is VideoException or CameraException)
        {
            log.Fault(file, "unreadable", exception.Message);
            if (times.Count == 0)
                return;
            isCut = true;
        }

        times.Sort();
        foreach (var episode in episodes)
            LookAt(file, episode, times, fps, isCut, info, camera, log);
    }

    private static void LookAt(
        string file,
        DatasetEpisode episode,
        List<double> times,
        double fps,
        bool isCut,
        DatasetInfo info,
        DatasetFeature camera,
        FindingLog log
    )
    {
        var from = episode.Videos[camera.Name].From;
        for (var frame = 0; frame < episode.Length; frame++)
        {
            var due = from + frame / info.Fps;
            // What comes behind the place where decoding failed is not missed one by one.
            if (isCut && due > times[^1])
                return;
            var nearest = Nearest(times, due);
            if (Math.Abs(nearest - due) <= EpisodeRows.ToleranceAt(due))
                continue;
            log.Fault(
                file,
                "frames without a picture",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"there is no {camera.Name} picture at {due:0.####} s: the nearest is at {nearest:0.####} s"
                        + $"{info.RateBeside(fps)}"
                ),
                episode.Index,
                frame
            );
        }
    }

    private static double Nearest(List<double> times, double due)
    {
        var at = times.BinarySearch(due);
        if (at >= 0)
            return due;
        var after = ~at;
        if (after == 0)
            return times[0];
        return after == times.Count || due - times[after - 1] <= times[after] - due ? times[after - 1] : times[after];
    }
}
