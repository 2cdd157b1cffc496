using Vla.Sensors.Datasets.Tables;

namespace Vla.Sensors.Datasets.Checks;

/// <summary>The columns of a data file: those of the features, of their types, and no others.</summary>
internal static class ColumnCheck
{
    /// <returns>Those features whose columns can be read.</returns>
    public static IReadOnlyList<DatasetFeature> Run(ParquetTable table, string file, DatasetInfo info, FindingLog log)
    {
        List<DatasetFeature> readable = [];
        foreach (var feature in info.Features.Where(feature => feature.Type != FeatureType.Video))
        {
            var column = feature.Type == FeatureType.Image ? EpisodeRows.BytesOf(table, feature.Name) : feature.Name;
            if (table.LeafOf(column) is not { } leaf)
            {
                if (!table.Columns.Any(name => Root(name) == feature.Name))
                    log.Fault(file, "column", $"it has no column {feature.Name}, which meta/info.json has");
                else if (feature.Type != FeatureType.Other)
                    log.Fault(file, "column", $"its column {feature.Name} is no {info.TypeOf(feature.Name)}");
            }
            else if (feature.Type == FeatureType.Other)
            {
                // A text or words: LeRobot reads them, there is nothing to compare.
            }
            else if (WhatIsWrong(leaf, feature) is { } wrong)
            {
                log.Fault(file, "column", $"its column {feature.Name} holds {wrong} (meta/info.json: {feature})");
            }
            else
            {
                readable.Add(feature);
            }
        }

        foreach (var name in table.Columns.Select(Root).Distinct().Where(name => !IsKnown(name, info)))
            log.Fault(file, "column", $"it has a column {name}, which meta/info.json has not: LeRobot refuses it");
        return readable;
    }

    private static string? WhatIsWrong(ParquetLeaf leaf, DatasetFeature feature)
    {
        var isBytes = leaf.Type == ParquetType.Bytes;
        if (feature.Type == FeatureType.Image)
            return isBytes ? null : $"{leaf.Type}, not pictures";
        var isFraction = leaf.Type is ParquetType.Float or ParquetType.Double || leaf.IsHalf;
        if (isBytes || leaf.Type == ParquetType.Int96 || (leaf.Type == ParquetType.Fixed && !leaf.IsHalf))
            return $"{leaf.Type}, not numbers";
        if (feature.Type == FeatureType.Int64 && isFraction)
            return $"{leaf.Type}, not whole numbers";
        var depth = feature.Shape is [1] ? 0 : feature.Shape.Count;
        return leaf.Levels.Repetition == depth
            ? null
            : $"{Nested(leaf.Levels.Repetition)}, where LeRobot wants {Nested(depth)}";
    }

    private static string Nested(int depth) =>
        depth switch
        {
            0 => "a number in each row",
            1 => "a list in each row",
            _ => $"lists in lists, {depth} deep, in each row",
        };

    private static bool IsKnown(string column, DatasetInfo info) =>
        info.Features.Any(feature =>
            feature.Type != FeatureType.Video && (feature.Name == column || feature.Name.StartsWith(column + "/"))
        );

    /// <summary>A structure's column has its parts' names after its own.</summary>
    private static string Root(string column) =>
        column.EndsWith("/bytes") || column.EndsWith("/path") ? column[..column.LastIndexOf('/')] : column;
}
