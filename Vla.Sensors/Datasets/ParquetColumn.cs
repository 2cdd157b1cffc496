using Parquet;
using Parquet.Schema;

namespace Vla.Sensors.Datasets;

/// <summary>A column to be written: one value a row, or a list, laid out as pyarrow does.</summary>
internal abstract class ParquetColumn(string name, int depth)
{
    public string Name => name;

    /// <summary>How many lists are within each other; 0 for one value a row.</summary>
    protected int Depth => depth;

    public static ParquetColumn Scalars<T>(string name, T[] values)
        where T : struct => new ParquetColumn<T>(name, values, null, 0);

    /// <summary>A feature's numbers, [rows, count]: numbers, lists, or lists in lists, as its shape is.</summary>
    public static ParquetColumn Of<T>(DatasetFeature feature, T[] values)
        where T : struct =>
        feature.Shape is [1] ? Scalars(feature.Name, values)
        : feature.Shape.Count == 1 ? Lists(feature.Name, values, feature.Count)
        : Tables(feature, values);

    public static ParquetColumn Texts(string name, IReadOnlyList<string> values) =>
        new ParquetColumn<ReadOnlyMemory<char>>(name, [.. values.Select(value => value.AsMemory())], null, 0);

    /// <summary>Lists of one length.</summary>
    public static ParquetColumn Lists<T>(string name, T[] values, int width, int depth = 1)
        where T : struct
    {
        var levels = new int[values.Length];
        for (var i = 0; i < levels.Length; i++)
            levels[i] = i % width == 0 ? 0 : 1;
        return new ParquetColumn<T>(name, values, levels, depth);
    }

    private static ParquetColumn<T> Tables<T>(DatasetFeature feature, T[] values)
        where T : struct
    {
        var levels = new int[values.Length];
        for (var i = 0; i < levels.Length; i++)
        {
            // Which of the lists goes on: the innermost, unless one within another is full.
            var (level, size) = (feature.Shape.Count, 1);
            for (var axis = feature.Shape.Count - 1; axis >= 0 && i % (size *= feature.Shape[axis]) == 0; axis--)
                level = axis;
            levels[i] = level;
        }

        return new ParquetColumn<T>(feature.Name, values, levels, feature.Shape.Count);
    }

    public static ParquetColumn TextLists(string name, IReadOnlyList<IReadOnlyList<string>> rows) =>
        new ParquetColumn<ReadOnlyMemory<char>>(
            name,
            [.. rows.SelectMany(row => row.Select(text => text.AsMemory()))],
            [.. rows.SelectMany(row => row.Select((_, i) => i == 0 ? 0 : 1))],
            1
        );

    /// <summary>Columns of values that it is made of: more than one for a structure.</summary>
    public virtual int Leaves => 1;

    public abstract Field Schema { get; }

    /// <summary>Writes its values.</summary>
    /// <param name="group">Where.</param>
    /// <param name="field">Which of its columns of values.</param>
    public abstract Task WriteAsync(ParquetRowGroupWriter group, DataField field);
}

/// <summary>A column of one type of values.</summary>
internal sealed class ParquetColumn<T>(string name, T[] values, int[]? repetition, int depth)
    : ParquetColumn(name, depth)
    where T : struct
{
    public override Field Schema
    {
        get
        {
            var type = typeof(T) == typeof(ReadOnlyMemory<char>) ? typeof(string) : typeof(T);
            Field schema = new DataField(Depth == 0 ? Name : "element", type, true);
            for (var i = Depth; i > 0; i--)
                schema = new ListField(i == 1 ? Name : "element", schema);
            return schema;
        }
    }

    public override Task WriteAsync(ParquetRowGroupWriter group, DataField field)
    {
        // Everything may be null in the schema, as pyarrow has it; nothing is.
        var definition = new int[values.Length];
        Array.Fill(definition, field.MaxDefinitionLevel);
        return group.WriteAllPartsAsync<T>(field, values, definition, repetition, CancellationToken.None);
    }
}
