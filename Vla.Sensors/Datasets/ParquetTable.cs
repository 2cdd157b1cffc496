using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Parquet;
using Parquet.Schema;
using Vla.Sensors.Datasets.Tables;
using Vla.Sensors.Text;

namespace Vla.Sensors.Datasets;

/// <summary>A Parquet file of a dataset: written whole or row group by row group, read column by column.</summary>
/// <remarks>Written by Parquet.Net; why it is not read by it, see <see cref="ColumnReader"/>.</remarks>
internal sealed class ParquetTable : IDisposable
{
    private const int TailSize = 8;
    private const int LongestFooter = 64 << 20;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly FileStream _file;
    private readonly ParquetFooter _footer;
    private readonly Dictionary<string, int> _places = [];

    private ParquetTable(string path, FileStream file, ParquetFooter footer)
    {
        (Path, _file, _footer) = (path, file, footer);
        for (var i = 0; i < footer.Leaves.Count; i++)
            _places.TryAdd(footer.Leaves[i].Name, i);
        GroupRows = [.. footer.Groups.Select(group => group.Rows)];
        if (GroupRows.Sum(rows => (long)rows) > int.MaxValue)
            throw new InvalidDataException("it claims more rows than can be");
    }

    public string Path { get; }

    /// <summary>Rows of each row group.</summary>
    public IReadOnlyList<int> GroupRows { get; }

    /// <summary>More rows than a file of this size can have.</summary>
    public long MostRows => ColumnReader.MostEntriesIn(_file.Length);

    public IReadOnlyDictionary<string, string> Metadata => _footer.Metadata;

    /// <exception cref="DatasetException">It is missing, damaged or no Parquet file.</exception>
    public static ParquetTable Open(string path)
    {
        if (!File.Exists(path))
            throw new DatasetException($"'{path}' of the dataset is missing");
        return Guard(
            path,
            () =>
            {
                WaitingFile.Refuse(path);
                var file = File.OpenRead(path);
                try
                {
                    return new ParquetTable(path, file, ReadFooter(file));
                }
                catch
                {
                    file.Dispose();
                    throw;
                }
            }
        );
    }

    /// <summary>Writes a file of one row group.</summary>
    public static void Write(
        string path,
        IReadOnlyList<ParquetColumn> columns,
        Dictionary<string, string>? metadata = null
    )
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

    /// <summary>The names of its columns.</summary>
    public IReadOnlyCollection<string> Columns => _places.Keys;

    /// <summary>What a column's values are; null when there is no such column.</summary>
    public ParquetLeaf? LeafOf(string column) =>
        _places.TryGetValue(column, out var place) ? _footer.Leaves[place] : null;

    public bool Has(string column) => _places.ContainsKey(column);

    /// <summary>A column of floating-point or whole numbers of any width, or of lists of them.</summary>
    /// <exception cref="DatasetException">There is no such column, it holds something else, or it is
    /// damaged.</exception>
    public ParquetValues<T> Numbers<T>(string column, int group)
        where T : struct, INumber<T> => Read(column, group, leaf => new NumberDecoder<T>(leaf));

    /// <summary>The bytes of a column of texts or pictures, or of lists of them.</summary>
    /// <exception cref="DatasetException">There is no such column, it holds something else, or it is
    /// damaged.</exception>
    public ParquetValues<byte[]> Bytes(string column, int group) => Read(column, group, leaf => new BytesDecoder(leaf));

    /// <summary>All row groups' numbers.</summary>
    /// <param name="column">Its name.</param>
    /// <param name="width">How many each row has; as many as the first one has when left out.</param>
    /// <exception cref="DatasetException">One is missing, or it is damaged.</exception>
    public T[] AllNumbers<T>(string column, int? width = 1)
        where T : struct, INumber<T>
    {
        var all = new List<T>();
        var before = 0;
        for (var group = 0; group < GroupRows.Count; group++)
        {
            var values = Numbers<T>(column, group);
            width ??= values.Rows > 0 ? values.Row(0).Length : null;
            all.AddRange(values.Take(0, values.Rows, width ?? 0, out var fault));
            if (fault is { } wrong)
                throw new DatasetException($"'{Path}' has {wrong.Reason} as {column} in row {before + wrong.Row}");
            before += values.Rows;
        }

        return [.. all];
    }

    /// <summary>All texts of a column that has one in each row.</summary>
    /// <exception cref="DatasetException">One is missing or is not UTF-8, or it is damaged.</exception>
    public string[] Texts(string column)
    {
        var rows = TextLists(column);
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows[row].Length != 1)
                throw new DatasetException($"'{Path}' has {rows[row].Length} texts as {column} in row {row}, not one");
        }

        return [.. rows.Select(row => row[0])];
    }

    /// <summary>A column of lists of texts, or of single texts.</summary>
    /// <exception cref="DatasetException">One is null or is not UTF-8, or it is damaged.</exception>
    public IReadOnlyList<string[]> TextLists(string column)
    {
        var rows = new List<string[]>();
        var known = new Dictionary<byte[], string>(ReferenceEqualityComparer.Instance);
        for (var group = 0; group < GroupRows.Count; group++)
        {
            var values = Bytes(column, group);
            for (var row = 0; row < values.Rows; row++)
            {
                if (values.NullIn(row) >= 0)
                    throw new DatasetException($"'{Path}' has null as {column} in row {rows.Count}");
                var texts = values.Row(row).ToArray();
                rows.Add(Array.ConvertAll(texts, bytes => Text(bytes, column, rows.Count, known)));
            }
        }

        return rows;
    }

    public void Dispose() => _file.Dispose();

    private string Text(byte[] bytes, string column, int row, Dictionary<byte[], string> known)
    {
        // Rows may share one text of a dictionary, which is then decoded once.
        if (known.TryGetValue(bytes, out var text))
            return text;
        try
        {
            return known[bytes] = Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new DatasetException(
                $"'{Path}' has a text as {column} in row {row} that is not UTF-8 (byte {exception.Index})",
                exception
            );
        }
    }

    private ParquetValues<T> Read<T>(string column, int group, Func<ParquetLeaf, ValueDecoder<T>> decoder)
    {
        if (!_places.TryGetValue(column, out var place))
            throw new DatasetException($"'{Path}' has no column {column}");
        var leaf = _footer.Leaves[place];
        var part = _footer.Groups[group];
        return Guard(Path, () => ColumnReader.Read(_file, leaf, part.Chunks[place], part.Rows, decoder(leaf)));
    }

    private static ParquetFooter ReadFooter(FileStream file)
    {
        if (file.Length < 4 + TailSize)
            throw new InvalidDataException("it is too short");
        Span<byte> head = stackalloc byte[4];
        Span<byte> tail = stackalloc byte[TailSize];
        file.ReadExactly(head);
        file.Position = file.Length - TailSize;
        file.ReadExactly(tail);
        if (!head.SequenceEqual("PAR1"u8) || !tail[4..].SequenceEqual("PAR1"u8))
            throw new InvalidDataException("it does not begin and end with PAR1");
        var length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length is < 0 or > LongestFooter || length > file.Length - TailSize - 4)
            throw new InvalidDataException("its end does not say where its description begins");
        var bytes = new byte[length];
        file.Position = file.Length - TailSize - length;
        file.ReadExactly(bytes);
        return ParquetFooter.Parse(bytes);
    }

    private static void WriteGroup(
        Stream stream,
        IReadOnlyList<ParquetColumn> columns,
        Dictionary<string, string>? metadata,
        bool append
    )
    {
        WriteAsync().GetAwaiter().GetResult();

        async Task WriteAsync()
        {
            var schema = new ParquetSchema(columns.Select(column => column.Schema));
            await using var writer = await ParquetWriter.CreateAsync(schema, stream, new ParquetOptions(), append);
            if (metadata is not null)
                writer.CustomMetadata = metadata;
            using var group = writer.CreateRowGroup();
            var leaf = 0;
            foreach (var column in columns)
            {
                for (var i = 0; i < column.Leaves; i++)
                    await column.WriteAsync(group, schema.DataFields[leaf++]);
            }
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
            throw new DatasetException(
                $"'{path}' is damaged or no Parquet file: {exception.Message.ReplaceLineEndings(" ")}",
                exception
            );
        }
    }
}
