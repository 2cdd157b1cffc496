namespace Vla.Sensors.Datasets.Edits;

/// <summary>The statistics of an episode's pictures: as its dataset has them, or reckoned from the pictures.</summary>
internal sealed class SourceStatistics(DatasetInfo info)
{
    private readonly Dictionary<string, EpisodeStatisticsTable> _tables = [];

    /// <exception cref="DatasetException">The pictures cannot be decoded.</exception>
    public FeatureStatistics Of(EpisodePick pick, DatasetFeature camera)
    {
        var source = pick.Source;
        if (!_tables.TryGetValue(source.Directory, out var table))
            _tables[source.Directory] = table = EpisodeStatisticsTable.Read(source.Directory, info);
        if (table.Find(pick.Episode.Index, camera.Name) is { } known)
            return known;
        var counts = new PixelCounts();
        source.ReadPictures(pick.Episode, camera.Name, (_, picture) => counts.Add(picture));
        return counts.Summary();
    }
}
