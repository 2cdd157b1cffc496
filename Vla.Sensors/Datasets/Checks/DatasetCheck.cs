namespace Vla.Sensors.Datasets.Checks;

/// <summary>
/// Looks through a whole dataset for what LeRobot's loader would refuse or read wrongly, rule by rule.
/// </summary>
/// <remarks>
/// Everything is read: each number of each row, each picture of each video. It goes on after a fault, so that all of
/// them are found at once. The rules are those of LeRobot's <c>LeRobotDataset</c> (format v3.0, and v2.1): rows are
/// found by their place among all rows of all files, tasks by their row, pictures by their time.
/// </remarks>
internal static class DatasetCheck
{
    /// <param name="directory">The dataset.</param>
    /// <param name="report">Is told each finding as it is found.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="DatasetException">There is no such directory, or no dataset in it.</exception>
    public static DatasetCheckReport Run(string directory, Action<DatasetFinding> report)
    {
        if (!Directory.Exists(directory))
            throw new DatasetException($"there is no dataset '{directory}'");
        if (!DatasetWriter.Exists(directory))
            throw new DatasetException($"'{directory}' is not a LeRobot dataset: it has no meta/info.json");
        OpenCvNative.EnsureLoaded();
        var log = new FindingLog(report);
        var (episodes, frames) = Look(directory, log);
        log.End();
        return new DatasetCheckReport(log.Faults, log.Notes, episodes, frames);
    }

    private static (int Episodes, long Frames) Look(string directory, FindingLog log)
    {
        if (InfoCheck.Run(directory, log) is not { } info)
            return (0, 0);
        var tasks = TaskCheck.Run(directory, info, log);
        var episodes = EpisodeCheck.Run(directory, info, tasks, log);
        var data = new DataCheck(directory, info, tasks, episodes, log);
        data.Run();
        foreach (var camera in info.Cameras.Where(camera => camera.Type == FeatureType.Video))
            VideoCheck.Run(directory, info, camera, episodes, log);
        StatisticsCheck.Run(directory, info, data.Statistics, log);
        return (episodes.Count, data.Frames);
    }
}

/// <summary>What a look through a dataset came to.</summary>
/// <param name="Faults">What LeRobot would refuse or read wrongly.</param>
/// <param name="Notes">What is worth knowing.</param>
/// <param name="Episodes">Episodes looked at.</param>
/// <param name="Frames">Rows looked at.</param>
internal sealed record DatasetCheckReport(long Faults, long Notes, int Episodes, long Frames);
