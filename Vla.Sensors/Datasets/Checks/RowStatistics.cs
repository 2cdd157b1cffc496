namespace Vla.Sensors.Datasets.Checks;

/// <summary>Gathers how the numbers of rows are spread, of each episode and of all, while they are looked at.</summary>
internal sealed class RowStatistics(DatasetInfo info)
{
    private readonly Dictionary<string, List<double>> _group = [];
    private readonly Dictionary<string, List<double>> _open = [];
    private readonly HashSet<string> _spoilt = [];
    private int? _episode;

    /// <summary>By episode and feature; not of features in which a value is wrong.</summary>
    public Dictionary<(int Episode, string Feature), FeatureStatistics> OfEpisodes { get; } = [];

    /// <summary>By feature, of all rows.</summary>
    public IReadOnlyDictionary<string, FeatureStatistics> OfAll =>
        OfEpisodes
            .GroupBy(pair => pair.Key.Feature)
            .Where(group => !_spoilt.Contains(group.Key))
            .ToDictionary(
                group => group.Key,
                group => group.Select(pair => pair.Value).Aggregate((sum, next) => sum.With(next))
            );

    /// <summary>True when some value of a feature is wrong: nothing can be compared then.</summary>
    public bool IsSpoilt(string feature) => _spoilt.Contains(feature);

    /// <param name="feature">Whose.</param>
    /// <param name="values">Of the next row of the group.</param>
    /// <param name="isGood">They are as many as there should be, and finite.</param>
    public void Add(DatasetFeature feature, ReadOnlySpan<double> values, bool isGood)
    {
        // LeRobot has other statistics of tables than of lists: they are not compared.
        if (!isGood || feature.Shape.Count != 1)
            _spoilt.Add(feature.Name);
        if (_spoilt.Contains(feature.Name))
            return;
        if (!_group.TryGetValue(feature.Name, out var list))
            _group[feature.Name] = list = [];
        list.AddRange(values);
    }

    /// <param name="rows">Which episode and frame each row of the group was.</param>
    public void EndGroup((int Episode, int Frame)[] rows)
    {
        for (var from = 0; from < rows.Length; )
        {
            var to = from;
            while (to < rows.Length && rows[to].Episode == rows[from].Episode)
                to++;
            if (_episode != rows[from].Episode)
                End();
            _episode = rows[from].Episode;
            foreach (var (name, values) in _group.Where(pair => !_spoilt.Contains(pair.Key)))
            {
                var width = Width(name);
                if (!_open.TryGetValue(name, out var open))
                    _open[name] = open = [];
                open.AddRange(values.GetRange(from * width, (to - from) * width));
            }

            from = to;
        }

        _group.Clear();
    }

    /// <summary>There are no more rows of the episode.</summary>
    public void End()
    {
        foreach (var (name, values) in _open.Where(pair => pair.Value.Count > 0 && !_spoilt.Contains(pair.Key)))
        {
            var one = FeatureStatistics.Of<double>(values.ToArray(), Width(name));
            var key = (_episode!.Value, name);
            OfEpisodes[key] = OfEpisodes.TryGetValue(key, out var before) ? before.With(one) : one;
        }

        _open.Clear();
    }

    private int Width(string name) => info.Features.First(feature => feature.Name == name).Count;
}
