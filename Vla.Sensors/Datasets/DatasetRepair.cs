namespace Vla.Sensors.Datasets;

/// <summary>Puts right what a killed recording left: rows and files that no episode counts.</summary>
internal static class DatasetRepair
{
    /// <param name="dataset">As it was opened.</param>
    public static void DropUncounted(LeRobotDataset dataset)
    {
        var folder = Path.Combine(dataset.Directory, "data");
        if (!Directory.Exists(folder))
            return;
        foreach (
            var left in Directory.EnumerateFiles(dataset.Directory, "*.new", SearchOption.AllDirectories).ToArray()
        )
            File.Delete(left);
        var counted = dataset
            .Episodes.GroupBy(episode => Path.GetFullPath(dataset.Info.DataFile(dataset.Directory, episode.Data)))
            .ToDictionary(group => group.Key, group => group.Sum(episode => episode.Length));
        foreach (var path in Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories).ToArray())
        {
            if (!counted.TryGetValue(Path.GetFullPath(path), out var rows))
                File.Delete(path);
            else
                DropRows(dataset.Info, path, rows);
        }
    }

    /// <summary>Writes a data file anew with its first row groups only.</summary>
    private static void DropRows(DatasetInfo info, string path, int rows)
    {
        using var table = ParquetTable.Open(path);
        if (table.GroupRows.Sum() <= rows)
            return;
        DatasetFiles.Replace(
            path,
            temporary =>
            {
                var kept = 0;
                for (var group = 0; kept < rows; kept += table.GroupRows[group++])
                {
                    var count = Math.Min(table.GroupRows[group], rows - kept);
                    ParquetColumn[] columns =
                    [
                        .. info
                            .Features.Where(feature => !feature.IsPicture)
                            .Select(feature =>
                                feature.Type == FeatureType.Float32
                                    ? ParquetColumn.Of(feature, Kept<float>(table, feature, group, count))
                                    : ParquetColumn.Of(feature, Kept<long>(table, feature, group, count))
                            ),
                    ];
                    if (group == 0)
                        ParquetTable.Write(temporary, columns);
                    else
                        ParquetTable.Append(temporary, columns);
                }
            }
        );
    }

    private static T[] Kept<T>(ParquetTable table, DatasetFeature feature, int group, int count)
        where T : struct, System.Numerics.INumber<T>
    {
        var values = table.Numbers<T>(feature.Name, group).Take(0, count, feature.Count, out var fault);
        return fault is { } wrong
            ? throw new DatasetException($"'{table.Path}' has {wrong.Reason} as {feature.Name}")
            : values.ToArray();
    }
}
