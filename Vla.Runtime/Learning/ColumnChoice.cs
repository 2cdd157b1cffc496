using Vla.Sensors.Datasets;

namespace Vla.Runtime.Learning;

/// <summary>Which numbers of a dataset's feature are a policy's state or action.</summary>
internal sealed class ColumnChoice
{
    private readonly DatasetFeature _feature;
    private readonly string _directory;
    private readonly int[] _places;

    private ColumnChoice(DatasetFeature feature, string directory, int[] places) =>
        (_feature, _directory, _places) = (feature, directory, places);

    /// <summary>Numbers of a row in the dataset.</summary>
    public int RecordedWidth => _feature.Count;

    /// <param name="dataset">Where.</param>
    /// <param name="name">The feature.</param>
    /// <param name="wanted">The policy's names, in order.</param>
    /// <param name="key">Where they stand in <c>config.json</c>.</param>
    /// <exception cref="UsageException">There is no such feature, or its numbers are others.</exception>
    public static ColumnChoice Find(LeRobotDataset dataset, string name, IReadOnlyList<string> wanted, string key)
    {
        var feature =
            dataset.Info.Features.FirstOrDefault(feature => feature.Name == name && feature.Type == FeatureType.Float32)
            ?? throw new UsageException(
                $"dataset '{dataset.Directory}' has no feature {name} with the {wanted.Count} numbers of the "
                    + $"policy's {key}: record it, or choose another --policy-config"
            );
        var names = feature.Names?.Count == feature.Count ? feature.Names.ToList() : null;
        if (names is not null && wanted.All(names.Contains))
            return new ColumnChoice(feature, dataset.Directory, [.. wanted.Select(one => names.IndexOf(one))]);
        if (names is not null || feature.Count != wanted.Count)
        {
            throw new UsageException(
                $"dataset '{dataset.Directory}' has {feature}, the policy wants {wanted.Count}: "
                    + $"{string.Join(' ', wanted)} ({key}): name them alike in --policy-config, or choose another"
            );
        }

        return new ColumnChoice(feature, dataset.Directory, [.. Enumerable.Range(0, wanted.Count)]);
    }

    /// <returns>[frames, wanted].</returns>
    /// <exception cref="DatasetException">One is no number.</exception>
    public float[] Take(EpisodeFrames frames, int episode)
    {
        var all = frames.Floats(_feature.Name).Span;
        var taken = new float[frames.Length * _places.Length];
        for (var frame = 0; frame < frames.Length; frame++)
        {
            var row = taken.AsSpan(frame * _places.Length, _places.Length);
            Pick(all.Slice(frame * _feature.Count, _feature.Count), row);
            foreach (var value in row)
            {
                if (!float.IsFinite(value))
                    throw new DatasetException(
                        $"dataset '{_directory}' has {value} as {_feature.Name} in frame {frame} of episode "
                            + $"{episode}: leave that episode out, or record it anew"
                    );
            }
        }

        return taken;
    }

    /// <summary>Brings one row into the policy's order.</summary>
    public void Pick(ReadOnlySpan<float> recorded, Span<float> wanted)
    {
        for (var i = 0; i < _places.Length; i++)
            wanted[i] = recorded[_places[i]];
    }
}
