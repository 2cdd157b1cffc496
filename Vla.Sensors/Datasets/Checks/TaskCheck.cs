using System.Text.Json;
using System.Text.Json.Nodes;

namespace Vla.Sensors.Datasets.Checks;

/// <summary>The table of tasks, which LeRobot looks up by row: an index that is not its row is another task.</summary>
internal static class TaskCheck
{
    /// <returns>The tasks; none where they cannot be read.</returns>
    public static TaskTable? Run(string directory, DatasetInfo info, FindingLog log)
    {
        var file = info.IsOld ? LegacyTables.TasksFile : "meta/tasks.parquet";
        if (info.TotalEpisodes is null or 0 && !File.Exists(Path.Combine(directory, file)))
            return new TaskTable();
        TaskTable tasks;
        try
        {
            tasks = info.IsOld ? LegacyTables.Tasks(directory) : TaskTable.Read(TaskTable.PathIn(directory));
            if (!info.IsOld)
                LookAt(TaskTable.PathIn(directory), file, log);
        }
        catch (DatasetException exception)
        {
            log.Fault(file, "unreadable", exception.Message);
            return null;
        }

        if (info.TotalTasks is { } count && count != tasks.Count)
            log.Fault(InfoCheck.File, "total_tasks", $"total_tasks is {count}, {file} has {tasks.Count}");
        return tasks;
    }

    private static void LookAt(string path, string file, FindingLog log)
    {
        using var table = ParquetTable.Open(path);
        var indices = table.AllNumbers<long>("task_index");
        var texts = TaskTable.TextsOf(table);
        for (var row = 0; row < indices.Length; row++)
        {
            if (indices[row] == row)
                continue;
            var instead = indices[row] < texts.Length ? $"\"{texts[indices[row]]}\"" : "an error";
            log.Fault(
                file,
                "task_index that is not its row",
                $"row {row} has the task_index {indices[row]}, but LeRobot takes tasks by row: for \"{texts[row]}\" it "
                    + $"gives {instead}"
            );
        }

        foreach (var twice in texts.GroupBy(text => text).Where(group => group.Count() > 1))
            log.Fault(file, "the same text", $"{twice.Count()} tasks have the text \"{twice.Key}\"");
        if (!IsIndexed(table))
            log.Note(
                file,
                "pandas",
                "it does not say to pandas that the texts are its index: LeRobot gives the number of a task, not its "
                    + "text"
            );
    }

    private static bool IsIndexed(ParquetTable table)
    {
        try
        {
            return table.Metadata.TryGetValue("pandas", out var description)
                && JsonNode.Parse(description)?["index_columns"] is JsonArray columns
                && columns.Any(column => column is not null && TaskTable.IndexNames.Contains($"{column}"));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
