using System.Text;

namespace Vla.Sensors.Datasets.Tables;

/// <summary>What the end of a Parquet file says of it: its columns, and where the parts of each are.</summary>
/// <remarks>
/// Source: apache/parquet-format, <c>src/main/thrift/parquet.thrift</c>; the numbers of fields are from there.
/// </remarks>
internal sealed class ParquetFooter
{
    private const int DeepestColumn = 12;
    private const int LongestFixed = 1 << 20;

    private ParquetFooter(
        IReadOnlyList<ParquetLeaf> leaves,
        IReadOnlyList<ParquetGroup> groups,
        IReadOnlyDictionary<string, string> metadata
    ) => (Leaves, Groups, Metadata) = (leaves, groups, metadata);

    /// <summary>The columns that hold values, in the order in which each row group has them.</summary>
    public IReadOnlyList<ParquetLeaf> Leaves { get; }

    public IReadOnlyList<ParquetGroup> Groups { get; }

    /// <summary>What its writer wrote beside it.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static ParquetFooter Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new ThriftReader(bytes);
        List<Element> schema = [];
        List<ParquetGroup> groups = [];
        Dictionary<string, string> metadata = [];
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            switch (id, type)
            {
                case (2, ThriftReader.List):
                    for (var left = reader.Begin(out _); left > 0; left--)
                        schema.Add(ReadElement(ref reader));
                    break;
                case (4, ThriftReader.List):
                    for (var left = reader.Begin(out _); left > 0; left--)
                        groups.Add(ReadGroup(ref reader));
                    break;
                case (5, ThriftReader.List):
                    for (var left = reader.Begin(out _); left > 0; left--)
                        ReadPair(ref reader, metadata);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        if (schema.Count == 0)
            throw new InvalidDataException("it has no columns");
        List<ParquetLeaf> leaves = [];
        var next = 1;
        for (var left = schema[0].Children; left > 0; left--)
            AddLeaves(schema, ref next, [], new ParquetLevels(0, 0, 0), leaves);
        if (next != schema.Count)
            throw new InvalidDataException("its columns do not fit together");
        foreach (var group in groups)
        {
            if (group.Chunks.Count != leaves.Count)
                throw new InvalidDataException($"a row group has {group.Chunks.Count} columns, not {leaves.Count}");
        }

        return new ParquetFooter(leaves, groups, metadata);
    }

    private static void AddLeaves(
        List<Element> schema,
        ref int next,
        string[] path,
        ParquetLevels levels,
        List<ParquetLeaf> leaves
    )
    {
        if (next >= schema.Count)
            throw new InvalidDataException("its columns do not fit together");
        if (path.Length >= DeepestColumn)
            throw new InvalidDataException("a column is nested too deeply");
        var element = schema[next++];
        path = [.. path, element.Name];
        levels = element.Repetition switch
        {
            Repetition.Required => levels,
            Repetition.Optional => levels with { Definition = levels.Definition + 1 },
            _ => new ParquetLevels(levels.Definition + 1, levels.Repetition + 1, levels.Definition + 1),
        };
        if (element.Type is { } type)
        {
            leaves.Add(new ParquetLeaf(path, type, element.Length, element.IsHalf, levels));
            return;
        }

        for (var left = element.Children; left > 0; left--)
            AddLeaves(schema, ref next, path, levels, leaves);
    }

    private static Element ReadElement(ref ThriftReader reader)
    {
        var element = new Element();
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            switch (id, type)
            {
                case (1, ThriftReader.I32):
                    element.Type = (ParquetType)reader.Number(most: (int)ParquetType.Fixed);
                    break;
                case (2, ThriftReader.I32):
                    element.Length = reader.Number(most: LongestFixed);
                    break;
                case (3, ThriftReader.I32):
                    element.Repetition = (Repetition)reader.Number(most: (int)Repetition.Repeated);
                    break;
                case (4, ThriftReader.Binary):
                    element.Name = Encoding.UTF8.GetString(reader.Bytes());
                    break;
                case (5, ThriftReader.I32):
                    element.Children = reader.Number();
                    break;
                case (10, ThriftReader.Struct):
                    element.IsHalf = ReadIsHalf(ref reader);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return element;
    }

    /// <summary>Whether a logical type is the one of floating-point numbers of 16 bits.</summary>
    private static bool ReadIsHalf(ref ThriftReader reader)
    {
        var found = false;
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            found |= id == 15;
            reader.Skip(type);
        }

        return found;
    }

    private static ParquetGroup ReadGroup(ref ThriftReader reader)
    {
        List<ParquetChunk> chunks = [];
        var rows = -1;
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            switch (id, type)
            {
                case (1, ThriftReader.List):
                    for (var left = reader.Begin(out _); left > 0; left--)
                        chunks.Add(ReadChunk(ref reader));
                    break;
                case (3, ThriftReader.I64):
                    rows = reader.Number();
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return rows >= 0
            ? new ParquetGroup(rows, chunks)
            : throw new InvalidDataException("a row group does not say how many rows it has");
    }

    private static ParquetChunk ReadChunk(ref ThriftReader reader)
    {
        ParquetChunk? chunk = null;
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            if (id == 1)
                throw new InvalidDataException("a column is in another file");
            if (id == 3 && type == ThriftReader.Struct)
                chunk = ReadChunkData(ref reader);
            else
                reader.Skip(type);
        }

        return chunk ?? throw new InvalidDataException("a column is not described, or is encrypted");
    }

    private static ParquetChunk ReadChunkData(ref ThriftReader reader)
    {
        var (codec, values) = (0, -1);
        long size = -1,
            data = -1,
            dictionary = 0;
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            switch (id, type)
            {
                case (4, ThriftReader.I32):
                    codec = reader.Number();
                    break;
                case (5, ThriftReader.I64):
                    values = reader.Number();
                    break;
                case (7, ThriftReader.I64):
                    size = reader.Long();
                    break;
                case (9, ThriftReader.I64):
                    data = reader.Long();
                    break;
                case (11, ThriftReader.I64):
                    dictionary = reader.Long();
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        if (values < 0 || size < 0 || data < 0)
            throw new InvalidDataException("a column does not say where it is");
        return new ParquetChunk((ParquetCodec)codec, values, dictionary > 0 ? Math.Min(dictionary, data) : data, size);
    }

    private static void ReadPair(ref ThriftReader reader, Dictionary<string, string> into)
    {
        var (key, value) = ("", "");
        for (var id = 0; reader.Next(ref id, out var type); )
        {
            if (type == ThriftReader.Binary && id == 1)
                key = Encoding.UTF8.GetString(reader.Bytes());
            else if (type == ThriftReader.Binary && id == 2)
                value = Encoding.UTF8.GetString(reader.Bytes());
            else
                reader.Skip(type);
        }

        into[key] = value;
    }

    private enum Repetition
    {
        Required,
        Optional,
        Repeated,
    }

    private sealed class Element
    {
        public ParquetType? Type { get; set; }

        public int Length { get; set; }

        public Repetition Repetition { get; set; }

        public string Name { get; set; } = "";

        public int Children { get; set; }

        public bool IsHalf { get; set; }
    }
}

/// <summary>What the values of a column are, as they are stored.</summary>
internal enum ParquetType
{
    Bool,
    Int32,
    Int64,
    Int96,
    Float,
    Double,

    /// <summary>Bytes, each value with its length before it: texts and pictures.</summary>
    Bytes,

    /// <summary>Bytes, all values of one length.</summary>
    Fixed,
}

/// <summary>How pages are packed.</summary>
internal enum ParquetCodec
{
    None,
    Snappy,
    Gzip,
    Lzo,
    Brotli,
    Lz4WithHadoopFrames,
    Zstd,
    Lz4,
}

/// <summary>How nested a column is (levels as in the paper on Dremel).</summary>
/// <param name="Definition">Of a value that is there; less means that something on the way is null or empty.</param>
/// <param name="Repetition">How many lists are within each other.</param>
/// <param name="Element">The definition level from which on there is an element in the innermost list, be it
/// null.</param>
internal readonly record struct ParquetLevels(int Definition, int Repetition, int Element);

/// <summary>A column that holds values.</summary>
/// <param name="Path">Its name and those of its parts, such as <c>action</c>, <c>list</c>, <c>element</c>.</param>
/// <param name="Type">Of its values.</param>
/// <param name="FixedLength">Bytes of a <see cref="ParquetType.Fixed"/> value.</param>
/// <param name="IsHalf">Fixed values are floating-point numbers of 16 bits.</param>
/// <param name="Levels">How nested it is.</param>
internal sealed record ParquetLeaf(
    IReadOnlyList<string> Path,
    ParquetType Type,
    int FixedLength,
    bool IsHalf,
    ParquetLevels Levels
)
{
    /// <summary>
    /// <c>action.list.element</c> is the column "action"; <c>picture.bytes</c> keeps its part's name.
    /// </summary>
    public string Name => Levels.Repetition > 0 ? Path[0] : string.Join('/', Path);
}

/// <summary>Some rows, column by column.</summary>
internal sealed record ParquetGroup(int Rows, IReadOnlyList<ParquetChunk> Chunks);

/// <summary>The part of a column that is in one row group.</summary>
/// <param name="Codec">How its pages are packed.</param>
/// <param name="Values">Entries in its pages, nulls and empty lists included.</param>
/// <param name="Start">Its first page's place in the file.</param>
/// <param name="Size">Bytes of all its pages.</param>
internal sealed record ParquetChunk(ParquetCodec Codec, int Values, long Start, long Size);
