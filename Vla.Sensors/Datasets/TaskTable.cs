namespace Vla.Sensors.Datasets;

/// <summary><c>meta/tasks.parquet</c>: the dataset's instructions, each with its index.</summary>
/// <remarks>
/// LeRobot keeps it as a pandas table whose index is the text. Pandas finds out which column that is from a description
/// in the file, which is therefore written too.
/// </remarks>
internal sealed class TaskTable
{
    private const string Description = """
        {"index_columns": ["task"], "column_indexes": [{"name": null, "field_name": null, "pandas_type": "unicode",
        "numpy_type": "object", "metadata": {"encoding": "UTF-8"}}], "columns": [{"name": "task_index",
        "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64", "metadata": null}, {"name": "task",
        "field_name": "task", "pandas_type": "unicode", "numpy_type": "object", "metadata": null}], "attributes": {},
        "creator": {"library": "pyarrow", "version": "15.0.0"}, "pandas_version": "2.2.0"}
        """;

    /// <summary>What the column of texts is called, which is the pandas table's index.</summary>
    public static readonly string[] IndexNames = ["task", "__index_level_0__"];

    private readonly SortedDictionary<long, string> _texts = [];
    private readonly Dictionary<string, long> _indices = [];

    public int Count => _texts.Count;

    /// <summary>The texts in the order of their indices, which may have gaps.</summary>
    public IReadOnlyList<string> Texts => [.. _texts.Values];

    /// <summary>The text of an index; null when there is no such task.</summary>
    public string? Find(long index) => _texts.GetValueOrDefault(index);

    /// <summary>The index of a text, a new one after the others when it is not among them.</summary>
    public long IndexOf(string text)
    {
        if (_indices.TryGetValue(text, out var index))
            return index;
        index = _texts.Count == 0 ? 0 : _texts.Keys.Max() + 1;
        _texts[index] = text;
        return _indices[text] = index;
    }

    /// <summary>Adds a task of a known index; false when the index is taken.</summary>
    public bool TryAdd(long index, string text)
    {
        if (!_texts.TryAdd(index, text))
            return false;
        _indices.TryAdd(text, index);
        return true;
    }

    public static string PathIn(string directory) => Path.Combine(directory, "meta", "tasks.parquet");

    public void Write(string path) =>
        ParquetTable.Write(
            path,
            [ParquetColumn.Scalars("task_index", _texts.Keys.ToArray()), ParquetColumn.Texts("task", Texts)],
            new Dictionary<string, string> { ["pandas"] = Description.ReplaceLineEndings(" ") }
        );

    /// <summary>The texts, row by row: some LeRobot versions leave the index without a name.</summary>
    /// <exception cref="DatasetException">The column is missing or damaged.</exception>
    public static string[] TextsOf(ParquetTable table) =>
        table.Texts(table.Has(IndexNames[0]) ? IndexNames[0] : IndexNames[1]);

    /// <exception cref="DatasetException">It is missing or damaged.</exception>
    public static TaskTable Read(string path)
    {
        using var table = ParquetTable.Open(path);

        var texts = TextsOf(table);
        var indices = table.AllNumbers<long>("task_index");
        var tasks = new TaskTable();
        foreach (var (index, text) in indices.Zip(texts))
        {
            if (index < 0)
                throw new DatasetException($"'{path}' is damaged: a task has the index {index}");
            if (!tasks.TryAdd(index, text))
                throw new DatasetException($"'{path}' is damaged: two tasks have the index {index}");
        }

        return tasks;
    }
}
