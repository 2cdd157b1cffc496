using System.Globalization;
using Vla.Sensors.Datasets.Tables;
using Vla.Sensors.Images;

namespace Vla.Sensors.Datasets.Checks;

/// <summary>The rows of the data files: LeRobot takes a frame by its place among the rows of all files.</summary>
internal sealed class DataCheck(
    string directory,
    DatasetInfo info,
    TaskTable? tasks,
    IReadOnlyList<DatasetEpisode> episodes,
    FindingLog log
)
{
    private readonly Dictionary<int, DatasetEpisode> _episodes = episodes.ToDictionary(one => one.Index);
    private readonly Dictionary<int, int> _rows = [];
    private readonly Dictionary<int, double> _times = [];
    private bool _isWhole = true;

    /// <summary>Rows of all files.</summary>
    public long Frames { get; private set; }

    public RowStatistics Statistics { get; } = new(info);

    public void Run()
    {
        var used = episodes.Select(episode => Path.GetFullPath(File(episode))).ToHashSet(StringComparer.Ordinal);
        var there = Files();
        foreach (var missing in used.Except(there.Select(Path.GetFullPath)).Order(StringComparer.Ordinal))
        {
            log.Fault(Relative(missing), "missing", "it is missing");
            _isWhole = false;
        }

        foreach (var path in there)
        {
            if (!used.Contains(Path.GetFullPath(path)))
                log.Fault(Relative(path), "unused", "no episode is in it, but LeRobot loads its rows all the same");
            LookAt(path);
        }

        Statistics.End();
        // Rows that cannot be read, or that nobody's file has, are not missed one by one.
        if (!_isWhole)
            return;
        foreach (var episode in episodes)
        {
            if (_rows.GetValueOrDefault(episode.Index) is var rows && rows != episode.Length)
                log.Fault(
                    Relative(File(episode)),
                    "rows of an episode",
                    $"it has {rows} rows, meta says {episode.Length} frames",
                    episode.Index
                );
        }
    }

    private string File(DatasetEpisode episode) => info.DataFile(directory, episode.Data);

    private string Relative(string path) => DatasetFiles.NameOf(directory, path);

    /// <summary>As LeRobot finds them: those one folder down, in the order of their names.</summary>
    private string[] Files()
    {
        var folder = Path.Combine(directory, "data");
        return Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateDirectories(folder)
                    .Order(StringComparer.Ordinal)
                    .SelectMany(chunk => Directory.EnumerateFiles(chunk, "*.parquet").Order(StringComparer.Ordinal)),
            ]
            : [];
    }

    private void LookAt(string path)
    {
        var file = Relative(path);
        try
        {
            using var table = ParquetTable.Open(path);
            var features = ColumnCheck.Run(table, file, info, log);
            for (var group = 0; group < table.GroupRows.Count; group++)
            {
                var rows = Places(table, group, path);
                foreach (var feature in features)
                {
                    if (feature.Type == FeatureType.Image)
                        LookAtPictures(table, group, feature, file, rows);
                    else
                        LookAtNumbers(table, group, feature, file, rows);
                }

                Statistics.EndGroup(rows);
                Frames += rows.Length;
            }
        }
        catch (DatasetException exception)
        {
            _isWhole = false;
            log.Fault(file, "unreadable", exception.Message);
        }
    }

    /// <summary>Which episode and frame each row is, once it is said where that is wrong.</summary>
    private (int Episode, int Frame)[] Places(ParquetTable table, int group, string path)
    {
        var file = Relative(path);
        var whole = Whole(table, group, "episode_index");
        var frames = Whole(table, group, "frame_index");
        var indices = Whole(table, group, "index");
        var taskIndices = Whole(table, group, "task_index");
        var times = table.Has("timestamp") ? One(table.Numbers<double>("timestamp", group)) : null;
        var places = new (int, int)[table.GroupRows[group]];
        for (var row = 0; row < places.Length; row++)
        {
            var index = whole is null || whole[row] is not { } one || one is < 0 or > int.MaxValue ? -1 : (int)one;
            var frame = _rows.GetValueOrDefault(index);
            _rows[index] = frame + 1;
            places[row] = (index, frame);
            var place = Frames + row;
            if (!_episodes.TryGetValue(index, out var episode))
            {
                log.Fault(
                    file,
                    "an unknown episode",
                    $"row {place} is of the episode {whole?[row]?.ToString(CultureInfo.InvariantCulture) ?? "null"}, "
                        + "which meta has not"
                );
                continue;
            }

            if (Path.GetFullPath(File(episode)) != Path.GetFullPath(path))
                Fault("rows in another file", $"it is here, meta says in {Relative(File(episode))}");
            if (indices is not null && indices[row] is { } number && number != place)
                Fault("index", $"its index is {number}, but it is row {place} of all, where LeRobot takes it from");
            if (place != episode.FirstIndex + frame)
                Fault("place", $"it is row {place} of all, meta says {episode.FirstIndex + frame}");
            if (frames is not null && frames[row] is { } said && said != frame)
                Fault("frame_index", $"its frame_index is {said}, it is the episode's row {frame}");
            LookAtTask(taskIndices?[row], episode, Fault);
            LookAtTime(times?[row], index, frame, Fault);

            void Fault(string kind, string what) => log.Fault(file, kind, what, index, frame);
        }

        return places;
    }

    private void LookAtTask(long? index, DatasetEpisode episode, Action<string, string> fault)
    {
        if (index is not { } one || tasks is null)
            return;
        if (tasks.Find(one) is not { } text)
            fault("task_index", $"its task_index is {one}, which the table of tasks has not");
        else if (!episode.Tasks.Contains(text))
            fault("task of an episode", $"its task is \"{text}\", which is not among its episode's in meta");
    }

    private void LookAtTime(double? time, int episode, int frame, Action<string, string> fault)
    {
        if (time is not { } now)
            return;
        var due = frame == 0 ? 0 : _times.GetValueOrDefault(episode) + 1 / info.Fps;
        _times[episode] = now;
        if (Math.Abs(now - due) <= EpisodeRows.ToleranceAt(now))
            return;
        fault(
            "timestamp",
            string.Create(
                CultureInfo.InvariantCulture,
                $"its timestamp is {now:0.######}, at {info.Fps:0.###} frames a second it would be {due:0.######}"
            )
        );
    }

    private static long?[]? Whole(ParquetTable table, int group, string column) =>
        table.Has(column) ? One(table.Numbers<long>(column, group)) : null;

    /// <summary>Each row's value; null where there is none, which is said with the other numbers.</summary>
    private static T?[] One<T>(ParquetValues<T> values)
        where T : struct =>
        [
            .. Enumerable
                .Range(0, values.Rows)
                .Select(row => values.Row(row).Length == 1 && values.NullIn(row) < 0 ? values.Row(row)[0] : (T?)null),
        ];

    private void LookAtNumbers(
        ParquetTable table,
        int group,
        DatasetFeature feature,
        string file,
        (int Episode, int Frame)[] rows
    )
    {
        var values = table.Numbers<double>(feature.Name, group);
        for (var row = 0; row < rows.Length; row++)
        {
            _ = values.Take(row, row + 1, feature.Count, out var fault);
            var what = fault?.Reason ?? NotFinite(values.Row(row));
            if (what is not null)
                log.Fault(
                    file,
                    $"values of {feature.Name}",
                    $"it has {what} as {feature.Name}",
                    rows[row].Episode,
                    rows[row].Frame
                );
            Statistics.Add(feature, values.Row(row), what is null);
        }
    }

    private static string? NotFinite(ReadOnlySpan<double> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
                return values.Length == 1
                    ? string.Create(CultureInfo.InvariantCulture, $"{values[i]}")
                    : string.Create(CultureInfo.InvariantCulture, $"{values[i]} as number {i + 1} of {values.Length}");
        }

        return null;
    }

    private void LookAtPictures(
        ParquetTable table,
        int group,
        DatasetFeature camera,
        string file,
        (int Episode, int Frame)[] rows
    )
    {
        var pictures = table.Bytes(EpisodeRows.BytesOf(table, camera.Name), group);
        for (var row = 0; row < rows.Length; row++)
        {
            var what =
                pictures.NullIn(row) >= 0 || pictures.Row(row).Length != 1
                    ? $"it has no {camera.Name}"
                    : WrongPicture(pictures.Row(row)[0], camera);
            if (what is not null)
                log.Fault(file, $"pictures of {camera.Name}", what, rows[row].Episode, rows[row].Frame);
        }
    }

    private static string? WrongPicture(byte[] bytes, DatasetFeature camera)
    {
        try
        {
            using var picture = PictureDecoder.Decode(bytes);
            return camera.WrongSize(picture.Size()) is { } wrong ? $"its {camera.Name} {wrong}" : null;
        }
        catch (PictureException exception)
        {
            return $"its {camera.Name} {exception.Message}";
        }
    }
}
