namespace Vla.Actors.Policies.LeRobot;

/// <summary>How LeRobot brings numbers to the scale that a model computes in.</summary>
internal enum ScaleMode
{
    /// <summary>Not at all.</summary>
    Identity,

    /// <summary>(x − mean) / (std + eps), and back x · std + mean.</summary>
    MeanStd,

    /// <summary>From the smallest and the largest to −1 and 1.</summary>
    MinMax,

    /// <summary>From the 1st and the 99th of a hundred parts to −1 and 1.</summary>
    Quantiles,

    /// <summary>From the 10th and the 90th of a hundred parts to −1 and 1.</summary>
    Quantile10,
}

/// <summary>
/// The names that LeRobot's files have for <see cref="ScaleMode"/>, and what each needs to know of the data.
/// </summary>
internal static class ScaleModes
{
    private static readonly Dictionary<string, ScaleMode> Names = new(StringComparer.Ordinal)
    {
        ["IDENTITY"] = ScaleMode.Identity,
        ["MEAN_STD"] = ScaleMode.MeanStd,
        ["MIN_MAX"] = ScaleMode.MinMax,
        ["QUANTILES"] = ScaleMode.Quantiles,
        ["QUANTILE10"] = ScaleMode.Quantile10,
    };

    /// <summary>A map from kinds of features to modes; a kind that it does not name is left as it is.</summary>
    public static IReadOnlyDictionary<FeatureKind, ScaleMode> Read(ConfigSection? map)
    {
        var modes = new Dictionary<FeatureKind, ScaleMode>();
        foreach (var key in map?.Keys ?? [])
        {
            var mode = Names[map!.Choice(key, [.. Names.Keys])];
            if (Enum.TryParse<FeatureKind>(key, ignoreCase: true, out var kind))
                modes[kind] = mode;
        }

        return modes;
    }

    /// <summary>The two statistics that a mode scales by; null for <see cref="ScaleMode.Identity"/>.</summary>
    public static (string Low, string High)? Statistics(ScaleMode mode) =>
        mode switch
        {
            ScaleMode.MeanStd => ("mean", "std"),
            ScaleMode.MinMax => ("min", "max"),
            ScaleMode.Quantiles => ("q01", "q99"),
            ScaleMode.Quantile10 => ("q10", "q90"),
            _ => null,
        };
}
