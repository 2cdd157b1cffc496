namespace Vla.Actors.Stages;

/// <summary>
/// How features are distributed: the notebook's section 6, a histogram of 50 bins from the lowest to the highest.
/// </summary>
public sealed record FeatureHistogram
{
    /// <summary>How many bins there are.</summary>
    public const int Bins = 50;

    /// <summary>Of more features than that, every second, third, … is looked at.</summary>
    private const int MostLookedAt = 1 << 16;

    /// <summary>Features there are.</summary>
    public required int Count { get; init; }

    /// <summary>The lowest feature; the first bin begins here.</summary>
    public required float Minimum { get; init; }

    /// <summary>The highest feature; the last bin ends here.</summary>
    public required float Maximum { get; init; }

    /// <summary>Their mean.</summary>
    public required float Mean { get; init; }

    /// <summary>Features that are not finite; they are in no bin.</summary>
    public required int NotFinite { get; init; }

    /// <summary>Features in each bin; the bins are equally wide.</summary>
    public required IReadOnlyList<int> Counts { get; init; }

    /// <summary>Counts the numbers; those that are not finite are left out.</summary>
    public static FeatureHistogram Of(ReadOnlySpan<float> values)
    {
        var step = Math.Max(1, values.Length / MostLookedAt);
        var (minimum, maximum, sum, finite, notFinite) = (float.PositiveInfinity, float.NegativeInfinity, 0.0, 0, 0);
        for (var i = 0; i < values.Length; i += step)
        {
            var value = values[i];
            if (!float.IsFinite(value))
            {
                notFinite++;
                continue;
            }

            (minimum, maximum) = (Math.Min(minimum, value), Math.Max(maximum, value));
            sum += value;
            finite++;
        }

        if (finite == 0)
            (minimum, maximum) = (0, 0);
        var counts = new int[Bins];
        var width = ((double)maximum - minimum) / Bins;
        for (var i = 0; i < values.Length; i += step)
        {
            if (!float.IsFinite(values[i]))
                continue;
            counts[width > 0 ? Math.Min(Bins - 1, (int)((values[i] - minimum) / width)) : 0]++;
        }

        return new FeatureHistogram
        {
            Count = values.Length,
            Minimum = minimum,
            Maximum = maximum,
            Mean = finite > 0 ? (float)(sum / finite) : 0,
            NotFinite = notFinite,
            Counts = counts,
        };
    }
}
