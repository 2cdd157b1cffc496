namespace Vla.Sensors.Datasets.Edits;

/// <summary>Which datasets can be put into one.</summary>
internal static class SourceFit
{
    /// <exception cref="DatasetException">Two do not fit; the message names both and the difference.</exception>
    public static void Require(IReadOnlyList<LeRobotDataset> sources)
    {
        var first = sources[0];
        foreach (var feature in first.Info.Features.Where(feature => feature.Type == FeatureType.Other))
        {
            if (first.Info.TypeOf(feature.Name) != "string" || feature.Shape is not [1])
                throw new DatasetException(
                    $"'{first.Directory}' has the feature {feature.Name} of the type "
                        + $"{first.Info.TypeOf(feature.Name)}, which cannot be copied here"
                );
        }

        foreach (var other in sources.Skip(1))
        {
            if (Difference(first.Info, other.Info) is { } difference)
                throw new DatasetException(
                    $"'{first.Directory}' and '{other.Directory}' do not fit together: {difference}"
                );
        }
    }

    private static string? Difference(DatasetInfo one, DatasetInfo other)
    {
        if (one.Fps != other.Fps)
            return FormattableString.Invariant($"{one.Fps:0.###} and {other.Fps:0.###} frames a second");
        if (one.RobotType is { } mine && other.RobotType is { } theirs && mine != theirs)
            return $"the robots are {mine} and {theirs}";
        foreach (var feature in one.Features)
        {
            if (other.Features.FirstOrDefault(they => they.Name == feature.Name) is not { } same)
                return $"the second has no {feature}";
            if (!feature.Fits(same))
                return $"the first has {feature}, the second {same}";
            if (one.TypeOf(feature.Name) != other.TypeOf(feature.Name))
                return $"{feature.Name} is {one.TypeOf(feature.Name)} and {other.TypeOf(feature.Name)}";
        }

        return
            other.Features.FirstOrDefault(they => one.Features.All(feature => feature.Name != they.Name)) is { } extra
            ? $"the first has no {extra}"
            : null;
    }
}
