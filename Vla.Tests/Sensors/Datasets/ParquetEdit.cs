using System.Buffers.Binary;
using Vla.Sensors.Datasets;
using Vla.Sensors.Datasets.Tables;

namespace Vla.Tests.Sensors.Datasets;

/// <summary>Writes a Parquet file anew with some of its columns replaced, left out or added.</summary>
internal static class ParquetEdit
{
    /// <param name="path">The file.</param>
    /// <param name="columns">Instead of those of their names, or besides them.</param>
    public static void Put(string path, params ParquetColumn[] columns) => Write(path, [], columns);

    public static void Drop(string path, params string[] names) => Write(path, names, []);

    /// <summary>Changes one number of a column of numbers, or of lists of them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="column">Its column.</param>
    /// <param name="at">Counted over all rows.</param>
    /// <param name="value">Instead.</param>
    public static void Set(string path, string column, int at, double value)
    {
        ParquetColumn changed;
        using (var table = ParquetTable.Open(path))
            changed = Of(table, column, values => values[at] = value);
        Put(path, changed);
    }

    /// <summary>Makes the pages of a column unreadable, and leaves all others as they are.</summary>
    public static void Spoil(string path, string column)
    {
        var bytes = File.ReadAllBytes(path);
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 8));
        var footer = ParquetFooter.Parse(bytes.AsSpan(bytes.Length - 8 - length, length));
        var place = footer.Leaves.ToList().FindIndex(leaf => leaf.Name == column);
        foreach (var group in footer.Groups)
            bytes.AsSpan((int)group.Chunks[place].Start, (int)group.Chunks[place].Size).Fill(0xFF);
        File.WriteAllBytes(path, bytes);
    }

    private static void Write(string path, string[] without, ParquetColumn[] columns)
    {
        List<ParquetColumn> all = [];
        Dictionary<string, string> metadata;
        using (var table = ParquetTable.Open(path))
        {
            metadata = new Dictionary<string, string>(table.Metadata);
            foreach (var name in table.Columns.Except(without))
                all.Add(columns.FirstOrDefault(column => column.Name == name) ?? Of(table, name, _ => { }));
            all.AddRange(columns.Where(column => !table.Columns.Contains(column.Name)));
        }

        ParquetTable.Write(path, all, metadata);
    }

    private static ParquetColumn Of(ParquetTable table, string column, Action<double[]> change)
    {
        var leaf = table.LeafOf(column)!;
        var depth = leaf.Levels.Repetition;
        if (leaf.Type == ParquetType.Bytes)
            return depth == 0
                ? ParquetColumn.Texts(column, table.Texts(column))
                : ParquetColumn.TextLists(column, table.TextLists(column));
        var values = table.AllNumbers<double>(column, width: null);
        change(values);
        var rows = table.GroupRows.Sum();
        return leaf.Type switch
        {
            ParquetType.Float => One(values.Select(value => (float)value).ToArray()),
            ParquetType.Double => One(values),
            _ => One(values.Select(value => (long)value).ToArray()),
        };

        ParquetColumn One<T>(T[] numbers)
            where T : struct =>
            depth == 0
                ? ParquetColumn.Scalars(column, numbers)
                : ParquetColumn.Lists(column, numbers, numbers.Length / rows, depth);
    }
}
