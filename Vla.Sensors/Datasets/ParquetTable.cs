using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace Vla.Sensors.Datasets;

/// <summary>A Parquet file of a dataset: written whole or row group by row group, read column by column.</summary>
internal sealed class ParquetTable : IDisposable
{
    private readonly string _path;
    private readonly ParquetReader _reader;
    private readonly Dictionary<string, DataField> _fields;

    private ParquetTable(string path, ParquetReader reader)
    {
        (_path, _reader) = (path, reader);
        _fields = reader.Schema.DataFields.ToDictionary(NameOf);
        var rows = new int[reader.RowGroupCount];
        for (var i = 0; i < rows.Length; i++)
        {
            using var group = reader.OpenRowGroupReader(i);
            rows[i] = (int)group.RowCount;
        }

        GroupRows = rows;
    }

    /// <summary>Rows of each row group.</summary>
    public IReadOnlyList<int> GroupRows { get; }

    public IReadOnlyDictionary<string, string> Metadata => _reader.CustomMetadata;

    /// <exception cref="DatasetException">It is missing, damaged or no Parquet file.</exception>
    public static ParquetTable Open(string path) => Guard(path, () =>
    {
        if (!File.Exists(path)) throw new DatasetException($"'{path}' of the dataset is missing");
        var stream = File.OpenRead(path);
        try
        {
            return new ParquetTable(path, Wait(ParquetReader.CreateAsync(stream, null, leaveStreamOpen: false)));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    });

    /// <summary>Writes a file of one row group.</summary>
    public static void Write(string path, IReadOnlyList<ParquetColumn> columns, Dictionary<string, string>? metadata = null)
    {
        using var stream = File.Create(path);
        WriteGroup(stream, columns, metadata, append: false);
    }

    /// <summary>Writes a row group after those of a file.</summary>
    public static void Append(string path, IReadOnlyList<ParquetColumn> columns)
    {
        using var stream = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        WriteGroup(stream, columns, null, append: true);
    }

    public bool Has(string column) => _fields.ContainsKey(column);

    /// <summary>A column of floating-point or whole numbers of any width; lists one after the other.</summary>
    public T[] Numbers<T>(string column, int group)
        where T : struct, System.Numerics.INumber<T> => Guard(_path, () =>
    {
        var field = Field(column);
        using var reader = _reader.OpenRowGroupReader(group);
        return field.ClrType switch
        {
            var type when type == typeof(T) => Raw<T>(reader, field),
            var type when type == typeof(float) => Convert(Raw<float>(reader, field)),
            var type when type == typeof(double) => Convert(Raw<double>(reader, field)),
            var type when type == typeof(long) => Convert(Raw<long>(reader, field)),
            var type when type == typeof(int) => Convert(Raw<int>(reader, field)),
            var type when type == typeof(bool) => Array.ConvertAll(Raw<bool>(reader, field), value => value ? T.One : T.Zero),
            var type => throw new DatasetException($"column {column} of '{_path}' holds {type.Name}, not numbers"),
        };

        static T[] Convert<TFrom>(TFrom[] values)
            where TFrom : struct, System.Numerics.INumber<TFrom> => Array.ConvertAll(values, T.CreateChecked);
    });

    /// <summary>All row groups' numbers.</summary>
    public T[] Numbers<T>(string column)
        where T : struct, System.Numerics.INumber<T> =>
        [.. Enumerable.Range(0, GroupRows.Count).SelectMany(group => Numbers<T>(column, group))];

    /// <summary>All texts of a column, lists one after the other.</summary>
    public string[] Texts(string column) => [.. TextLists(column).SelectMany(list => list)];

    /// <summary>A column of lists of texts, or of single texts.</summary>
    public IReadOnlyList<string[]> TextLists(string column) => Guard(_path, () =>
    {
        var field = Field(column);
        var rows = new List<string[]>();
        for (var group = 0; group < GroupRows.Count; group++)
        {
            using var reader = _reader.OpenRowGroupReader(group);
            using var raw = RawData<ReadOnlyMemory<char>>(reader, field);
            var texts = raw.Values.ToArray();
            if (field.MaxRepetitionLevel == 0)
            {
                rows.AddRange(texts.Select(text => new[] { text.ToString() }));
                continue;
            }

            var row = new List<string>();
            var levels = raw.RepetitionLevels.ToArray();
            for (var i = 0; i < texts.Length; i++)
            {
                if (levels[i] == 0 && i > 0)
                {
                    rows.Add([.. row]);
                    row.Clear();
                }

                row.Add(texts[i].ToString());
            }

            if (texts.Length > 0) rows.Add([.. row]);
        }

        return rows;
    });

    /// <summary>Bytes of each row.</summary>
    public byte[][] Blobs(string column, int group) => Guard(_path, () =>
    {
        using var reader = _reader.OpenRowGroupReader(group);
        using var raw = RawData<ReadOnlyMemory<byte>>(reader, Field(column));
        return Array.ConvertAll(raw.Values.ToArray(), bytes => bytes.ToArray());
    });

    public void Dispose() => Wait(_reader.DisposeAsync().AsTask());

    private static string NameOf(DataField field)
    {
        // "action.list.element" is the column "action"; "picture.bytes" keeps its part's name.
        var parts = field.Path.ToList();
        if (field.MaxRepetitionLevel > 0) parts = [.. parts.Take(1)];
        return string.Join('/', parts);
    }

    private static RawColumnData<T> RawData<T>(ParquetRowGroupReader reader, DataField field)
        where T : struct => (RawColumnData<T>)Wait(reader.ReadRawColumnDataBaseAsync(field).AsTask());

    private static T[] Raw<T>(ParquetRowGroupReader reader, DataField field)
        where T : struct
    {
        using var raw = RawData<T>(reader, field);
        return raw.Values.ToArray();
    }

    private static void WriteGroup(
        Stream stream, IReadOnlyList<ParquetColumn> columns, Dictionary<string, string>? metadata, bool append)
    {
        Wait(WriteAsync());

        async Task WriteAsync()
        {
            var schema = new ParquetSchema(columns.Select(column => column.Schema));
            await using var writer = await ParquetWriter.CreateAsync(schema, stream, new ParquetOptions(), append);
            if (metadata is not null) writer.CustomMetadata = metadata;
            using var group = writer.CreateRowGroup();
            for (var i = 0; i < columns.Count; i++) await columns[i].WriteAsync(group, schema.DataFields[i]);
        }
    }

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is not DatasetException)
        {
            // Whatever a damaged file makes of the reader, it is the file's fault.
            throw new DatasetException($"'{path}' is damaged or no Parquet file: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private DataField Field(string column) =>
        _fields.GetValueOrDefault(column) ?? throw new DatasetException($"'{_path}' has no column {column}");
}
