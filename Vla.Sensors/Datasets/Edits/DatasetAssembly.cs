using Vla.Sensors.Text;

namespace Vla.Sensors.Datasets.Edits;

/// <summary>Writes episodes of one or several datasets as one of format v3.0.</summary>
/// <remarks>
/// <para>
/// Rows are copied with all their numbers in their types, and numbered anew; pictures are copied as they are encoded,
/// wherever an episode's begin with a whole one. Statistics of numbers are reckoned anew; pictures' are taken over
/// where the source has them.
/// </para>
/// <para>
/// What is written is a folder beside the place that it is for, on disk to the last byte before it gets its name: until
/// then nothing is there, and what was there is as it was.
/// </para>
/// </remarks>
internal sealed class DatasetAssembly
{
    private readonly IReadOnlyList<EpisodePick> _picks;
    private readonly DatasetInfo _info;
    private readonly List<string> _notes = [];

    private DatasetAssembly(IReadOnlyList<EpisodePick> picks, DatasetInfo info) => (_picks, _info) = (picks, info);

    /// <summary>Writes a dataset.</summary>
    /// <param name="output">Its directory; nothing may be there, or an empty folder.</param>
    /// <param name="picks">Its episodes, one at least, in their order.</param>
    /// <param name="progress">Is told how many episodes and frames are done.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>, and leaves nothing.</param>
    /// <returns>What there is to say of it.</returns>
    /// <exception cref="DatasetException">The sources do not fit together, one contradicts itself, or it cannot be
    /// written.</exception>
    public static IReadOnlyList<string> Write(
        string output,
        IReadOnlyList<EpisodePick> picks,
        Action<int, long> progress,
        CancellationToken cancellation
    )
    {
        using var folder = new WholeFolder(output);
        var notes = Assemble(folder, picks, progress, cancellation);
        folder.Keep();
        return notes;
    }

    /// <summary>Puts a dataset of some episodes in the place of another, in one step.</summary>
    /// <param name="directory">The dataset that gives way.</param>
    /// <param name="picks">As <see cref="Write"/>.</param>
    /// <param name="progress">As <see cref="Write"/>.</param>
    /// <param name="cancellation">As <see cref="Write"/>.</param>
    /// <returns>As <see cref="Write"/>.</returns>
    /// <exception cref="DatasetException">As <see cref="Write"/>.</exception>
    public static IReadOnlyList<string> Replace(
        string directory,
        IReadOnlyList<EpisodePick> picks,
        Action<int, long> progress,
        CancellationToken cancellation
    )
    {
        // Nobody records to it meanwhile.
        var held = DatasetLock.Take(directory);
        try
        {
            using var folder = new WholeFolder(directory, replaces: true);
            var notes = Assemble(folder, picks, progress, cancellation);
            foreach (var source in picks.Select(pick => pick.Source).Distinct())
                source.Dispose();
            folder.Keep();
            return notes;
        }
        finally
        {
            DatasetLock.Release(directory, held);
        }
    }

    private static List<string> Assemble(
        WholeFolder folder,
        IReadOnlyList<EpisodePick> picks,
        Action<int, long> progress,
        CancellationToken cancellation
    )
    {
        if (picks.Count == 0)
            throw new DatasetException($"'{folder.Target}' would have no episode: keep one at least");
        SourceFit.Require([.. picks.Select(pick => pick.Source).Distinct()]);
        var assembly = new DatasetAssembly(picks, picks[0].Source.Info.Anew());
        foreach (var left in folder.Removed)
            assembly._notes.Add($"'{left}' was left of an edit that was killed: it is removed");
        foreach (var left in folder.Left)
            assembly._notes.Add(
                $"'{left}' is of an edit that is under way or was killed: remove it when '{folder.Target}' is as it "
                    + "should be"
            );
        try
        {
            assembly.Run(folder.Path, progress, cancellation);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(
                $"'{folder.Target}' cannot be written: {OneLine.Of(exception.Message)}",
                exception
            );
        }

        return assembly._notes;
    }

    private void Run(string directory, Action<int, long> progress, CancellationToken cancellation)
    {
        var tasks = new TaskTable();
        var rows = new RowFiles(directory, _info);
        var videos = _info
            .Cameras.Where(camera => camera.Type == FeatureType.Video)
            .Select(camera => new VideoFiles(directory, _info, camera, _notes))
            .ToList();
        var statistics = new SourceStatistics(_info);
        var entries = new List<EpisodeEntry>(_picks.Count);
        var first = 0L;
        for (var i = 0; i < _picks.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var pick = _picks[i];
            var columns = new EpisodeColumns(pick, _info, i, first, tasks);
            var place = rows.Add(columns);
            var all = columns.Statistics;
            foreach (var camera in _info.Cameras)
                all[camera.Name] = statistics.Of(pick, camera);
            entries.Add(
                new EpisodeEntry(i, columns.Instructions, pick.Episode.Length, first, place, all)
                {
                    Videos = videos.ToDictionary(video => video.Camera, video => video.Add(pick)),
                }
            );
            first += pick.Episode.Length;
            progress(i + 1, first);
        }

        foreach (var video in videos)
            video.End();
        WriteMetadata(directory, tasks, entries, first);
    }

    private void WriteMetadata(string directory, TaskTable tasks, List<EpisodeEntry> entries, long frames)
    {
        var path = TaskTable.PathIn(directory);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        tasks.Write(path);
        var place = default(FilePlace);
        foreach (var some in entries.Chunk(EpisodeEntry.MostInFile))
        {
            var file = DatasetInfo.EpisodesFile(directory, place);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            ParquetTable.Write(file, EpisodeEntry.Columns(some, _info, place));
            place = place.Next(_info.FilesPerChunk);
        }

        var summary = new DatasetSummary(directory, _info);
        foreach (var entry in entries)
            summary.Add(entry.Statistics);
        summary.Write(entries.Count, frames, tasks.Count);
    }
}
