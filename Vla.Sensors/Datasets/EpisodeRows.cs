using System.Globalization;
using System.Numerics;
using System.Text;
using Vla.Sensors.Datasets.Tables;

namespace Vla.Sensors.Datasets;

/// <summary>Finds the rows of episodes in the data files, and makes sure that they are those.</summary>
/// <remarks>Keeps one file open, and what was read of its last row group: neighbouring episodes share them.</remarks>
internal sealed class EpisodeRows(
    string directory,
    DatasetInfo info,
    TaskTable tasks,
    IReadOnlyList<DatasetEpisode> episodes
) : IDisposable
{
    /// <summary>How far a time may be from where it should be, seconds: LeRobot's own bound.</summary>
    public const double Tolerance = 1e-4;

    private readonly Dictionary<FilePlace, long> _firstIndex = episodes
        .GroupBy(episode => episode.Data)
        .ToDictionary(group => group.Key, group => group.Min(episode => episode.FirstIndex));

    private readonly Dictionary<string, object> _columns = [];
    private (FilePlace Place, ParquetTable Table, int Group)? _open;

    /// <summary>A feature's numbers, [frames, count].</summary>
    /// <exception cref="DatasetException">One is missing, or a file is missing or damaged.</exception>
    public T[] Numbers<T>(DatasetEpisode episode, string column, int width)
        where T : struct, INumber<T>
    {
        // Grows with what is read: a length that is claimed is not believed before.
        var values = new List<T>();
        var frame = 0;
        foreach (var (table, group, from, to) in Groups(episode))
        {
            var taken = Column(column, () => table.Numbers<T>(column, group)).Take(from, to, width, out var fault);
            if (fault is { } wrong)
                throw Wrong(table, episode, frame + wrong.Row - from, $"has {wrong.Reason} as {column}");
            values.AddRange(taken);
            frame += to - from;
        }

        return [.. values];
    }

    /// <summary>The pictures among the columns, packed as they were saved.</summary>
    public IEnumerable<byte[]> Pictures(DatasetEpisode episode, string camera)
    {
        var frame = 0;
        foreach (var (table, group, from, to) in Groups(episode))
        {
            var column = BytesOf(table, camera);
            var pictures = Column(column, () => table.Bytes(column, group));
            for (var row = from; row < to; row++, frame++)
            {
                if (pictures.NullIn(row) >= 0 || pictures.Row(row).Length != 1)
                    throw Wrong(table, episode, frame, $"has no {camera}");
                yield return pictures.Row(row)[0];
            }
        }
    }

    /// <summary>A feature's texts, one of each frame.</summary>
    public IReadOnlyList<string> Texts(DatasetEpisode episode, string column)
    {
        List<string> texts = [];
        foreach (var (table, group, from, to) in Groups(episode))
        {
            var values = Column(column, () => table.Bytes(column, group));
            for (var row = from; row < to; row++)
            {
                if (values.NullIn(row) >= 0 || values.Row(row).Length != 1)
                    throw Wrong(table, episode, texts.Count, $"has no {column}");
                texts.Add(Encoding.UTF8.GetString(values.Row(row)[0]));
            }
        }

        return texts;
    }

    /// <summary>Makes sure that the rows are this episode's, in their order.</summary>
    /// <returns>Each frame's time in the episode, seconds.</returns>
    /// <exception cref="DatasetException">They contradict the episode, each other or the rate.</exception>
    public double[] Check(DatasetEpisode episode)
    {
        Expect("episode_index", _ => episode.Index);
        Expect("frame_index", frame => frame);
        Expect("index", frame => episode.FirstIndex + frame);
        if (Has("task_index"))
        {
            var indices = Numbers<long>(episode, "task_index", 1);
            for (var frame = 0; frame < indices.Length; frame++)
            {
                if (tasks.Find(indices[frame]) is null)
                    throw Wrong(
                        episode,
                        frame,
                        $"has the task_index {indices[frame]}, which is not in meta/tasks.parquet"
                    );
            }
        }

        if (!Has("timestamp"))
            return [.. Enumerable.Range(0, episode.Length).Select(frame => frame / info.Fps)];
        var times = Numbers<double>(episode, "timestamp", 1);
        for (var frame = 0; frame < times.Length; frame++)
        {
            // As LeRobot has it: each is a period after the one before, and the first is at the beginning.
            var due = frame == 0 ? 0 : times[frame - 1] + 1 / info.Fps;
            if (!(Math.Abs(times[frame] - due) <= ToleranceAt(times[frame])))
                throw Wrong(
                    episode,
                    frame,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"has the timestamp {times[frame]:0.######}, at {info.Fps:0.###} frames a second it would be "
                            + $"{due:0.######}"
                    )
                );
        }

        return times;

        bool Has(string column) => info.Features.Any(feature => feature.Name == column);

        void Expect(string column, Func<int, long> due)
        {
            if (!Has(column))
                return;
            var numbers = Numbers<long>(episode, column, 1);
            for (var frame = 0; frame < numbers.Length; frame++)
            {
                if (numbers[frame] != due(frame))
                    throw Wrong(episode, frame, $"has the {column} {numbers[frame]}, not {due(frame)}");
            }
        }
    }

    /// <summary>
    /// How far a time may be from another that is meant to be the same, seconds: one of them may be kept in 32 bits.
    /// </summary>
    public static double ToleranceAt(double seconds) =>
        Tolerance + (MathF.BitIncrement(MathF.Abs((float)seconds)) - MathF.Abs((float)seconds));

    /// <summary>
    /// Where a camera's packed pictures are: LeRobot's own are a structure of bytes and a path, others keep the bytes
    /// alone.
    /// </summary>
    public static string BytesOf(ParquetTable table, string camera) =>
        table.Has($"{camera}/bytes") ? $"{camera}/bytes" : camera;

    public void Dispose() => Close();

    /// <summary>The row groups that hold an episode, with the range of its rows in each.</summary>
    private IEnumerable<(ParquetTable Table, int Group, int From, int To)> Groups(DatasetEpisode episode)
    {
        if (_open is not { } open || open.Place != episode.Data)
        {
            Close();
            _open = open = (episode.Data, ParquetTable.Open(info.DataFile(directory, episode.Data)), -1);
        }

        if (episode.Length > open.Table.MostRows)
            throw new DatasetException(
                $"'{open.Table.Path}' cannot have the {episode.Length:N0} frames of episode {episode.Index}"
            );
        var begin = episode.FirstIndex - _firstIndex[episode.Data];
        var (row, seen) = (0L, 0);
        for (var group = 0; group < open.Table.GroupRows.Count && row < begin + episode.Length; group++)
        {
            var rows = open.Table.GroupRows[group];
            var from = (int)Math.Clamp(begin - row, 0, rows);
            var to = (int)Math.Clamp(begin + episode.Length - row, 0, rows);
            seen += to - from;
            row += rows;
            if (to == from)
                continue;
            if (_open.Value.Group != group)
            {
                _columns.Clear();
                _open = open with { Group = group };
            }

            yield return (open.Table, group, from, to);
        }

        if (seen != episode.Length)
            throw new DatasetException(
                $"'{open.Table.Path}' has {seen} of the {episode.Length} frames of episode {episode.Index}"
            );
    }

    private ParquetValues<T> Column<T>(string name, Func<ParquetValues<T>> read)
    {
        var key = $"{name} {typeof(T).Name}";
        if (_columns.TryGetValue(key, out var known))
            return (ParquetValues<T>)known;
        var values = read();
        _columns[key] = values;
        return values;
    }

    private DatasetException Wrong(DatasetEpisode episode, int frame, string what) =>
        Wrong(_open!.Value.Table, episode, frame, what);

    private static DatasetException Wrong(ParquetTable table, DatasetEpisode episode, int frame, string what) =>
        new($"'{table.Path}': frame {frame} of episode {episode.Index} {what}");

    private void Close()
    {
        _open?.Table.Dispose();
        _open = null;
        _columns.Clear();
    }
}
