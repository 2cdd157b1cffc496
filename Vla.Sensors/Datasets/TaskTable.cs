namespace Vla.Sensors.Datasets;

/// <summary><c>meta/tasks.parquet</c>: the dataset's instructions, each with its index.</summary>
/// <remarks>
/// LeRobot keeps it as a pandas table whose index is the text. Pandas finds out which column that is from a description in
/// the file, which is therefore written too.
/// </remarks>
internal static class TaskTable
{
    private const string Description = """
        {"index_columns": ["task"], "column_indexes": [{"name": null, "field_name": null, "pandas_type": "unicode",
        "numpy_type": "object", "metadata": {"encoding": "UTF-8"}}], "columns": [{"name": "task_index",
        "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64", "metadata": null}, {"name": "task",
        "field_name": "task", "pandas_type": "unicode", "numpy_type": "object", "metadata": null}], "attributes": {},
        "creator": {"library": "pyarrow", "version": "15.0.0"}, "pandas_version": "2.2.0"}
        """;

    public static string PathIn(string directory) => Path.Combine(directory, "meta", "tasks.parquet");

    public static void Write(string path, IReadOnlyList<string> tasks) => ParquetTable.Write(
        path,
        [
            ParquetColumn.Scalars("task_index", Enumerable.Range(0, tasks.Count).Select(i => (long)i).ToArray()),
            ParquetColumn.Texts("task", tasks),
        ],
        new Dictionary<string, string> { ["pandas"] = Description.ReplaceLineEndings(" ") });

    /// <returns>The texts in the order of their indices.</returns>
    public static IReadOnlyList<string> Read(string path)
    {
        using var table = ParquetTable.Open(path);

        // Some LeRobot versions leave the index without a name.
        var texts = table.Texts(table.Has("task") ? "task" : "__index_level_0__");
        var indices = table.Numbers<long>("task_index");
        if (texts.Length != indices.Length) throw new DatasetException($"'{path}' is damaged: it has {texts.Length} tasks and {indices.Length} indices");
        Array.Sort(indices, texts);
        return texts;
    }
}
