namespace Vla.Sensors.Datasets.Edits;

/// <summary>Writes the data files of an edited dataset: a row group for each episode, files of one size.</summary>
internal sealed class RowFiles(string directory, DatasetInfo info)
{
    private FilePlace _place;
    private bool _isBegun;

    /// <returns>Where it was written.</returns>
    public FilePlace Add(EpisodeColumns episode)
    {
        var path = info.DataFile(directory, _place);
        if (_isBegun && new FileInfo(path).Length >= info.LargestDataFile)
        {
            _place = _place.Next(info.FilesPerChunk);
            _isBegun = false;
            path = info.DataFile(directory, _place);
        }

        if (_isBegun)
        {
            ParquetTable.Append(path, episode.Columns);
            return _place;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        ParquetTable.Write(path, episode.Columns);
        _isBegun = true;
        return _place;
    }
}
