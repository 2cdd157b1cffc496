using Vla.Sensors.Videos;

namespace Vla.Sensors.Datasets.Edits;

/// <summary>Writes the videos of one camera of an edited dataset, episode after episode.</summary>
/// <remarks>
/// Pictures are copied as they are encoded. Where an episode does not begin with a picture that is whole by itself, or
/// its video is of a kind that is not known here, it is encoded anew, and that is said.
/// </remarks>
internal sealed class VideoFiles(string directory, DatasetInfo info, DatasetFeature camera, List<string> notes)
{
    private readonly List<Mp4Part> _parts = [];
    private readonly HashSet<string> _encoded = [];
    private readonly Dictionary<string, Mp4File?> _files = [];
    private FilePlace _place;
    private long _bytes;

    public string Camera => camera.Name;

    /// <summary>Adds an episode's pictures.</summary>
    /// <returns>Where they are.</returns>
    /// <exception cref="DatasetException">The video is damaged, or cannot be encoded anew.</exception>
    public VideoPlace Add(EpisodePick pick)
    {
        var part = Find(pick) ?? Encode(pick);
        if (_parts.Count > 0 && (_bytes >= info.LargestVideoFile || !part.File.Fits(_parts[0].File)))
            End();
        var before = _parts.Sum(one => (long)one.Count);
        _parts.Add(part);
        for (var i = part.From; i < part.From + part.Count; i++)
            _bytes += part.File.PictureSizes[i];
        return new VideoPlace(_place, before / info.Fps, (before + part.Count) / info.Fps);
    }

    /// <summary>Writes what is not written yet.</summary>
    public void End()
    {
        if (_parts.Count == 0)
            return;
        var path = info.VideoFile(directory, camera.Name, _place);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Mp4Join.Write(_parts, path, info.Fps);
        _place = _place.Next(info.FilesPerChunk);
        foreach (var part in _parts.Where(part => _encoded.Remove(part.File.Path)))
            File.Delete(part.File.Path);
        _parts.Clear();
        _bytes = 0;
    }

    /// <summary>Its pictures as they are encoded; null where they cannot be cut out.</summary>
    private Mp4Part? Find(EpisodePick pick)
    {
        var place = pick.Episode.Videos[camera.Name];
        var path = pick.Source.Info.VideoFile(pick.Source.Directory, camera.Name, place.File);
        if (!File.Exists(path))
            throw new DatasetException($"video '{path}' is missing");
        if (!_files.TryGetValue(path, out var file))
        {
            try
            {
                file = Mp4File.Open(path);
            }
            catch (DatasetException)
            {
                // What is damaged shows when it is decoded; what is only unknown does not matter then.
            }

            _files[path] = file;
        }

        var tolerance = EpisodeRows.ToleranceAt(place.From + pick.Episode.Length / info.Fps);
        return file?.FindRun(place.From, pick.Episode.Length, info.Fps, tolerance) is { } first
            ? new Mp4Part(file, first, pick.Episode.Length)
            : null;
    }

    private Mp4Part Encode(EpisodePick pick)
    {
        var name = $"episode {pick.Episode.Index} of '{pick.Source.Directory}'";
        var path = Path.Combine(directory, $"{Guid.NewGuid():N}.mp4");
        _encoded.Add(path);
        var rate = Math.Max(1, (int)Math.Round(info.Fps));
        VideoEncoder? encoder = null;
        try
        {
            pick.Source.ReadPictures(
                pick.Episode,
                camera.Name,
                (_, picture) =>
                {
                    // Their times are given to them when they are joined.
                    encoder ??= VideoEncoder.Create(path, rate, picture.Width, picture.Height);
                    encoder.Write(picture);
                }
            );
            encoder?.Finish();
        }
        catch (VideoException exception)
        {
            throw new DatasetException(exception.Message, exception);
        }
        finally
        {
            encoder?.Dispose();
        }

        notes.Add($"the {camera.Name} pictures of {name} were encoded anew: they cannot be cut out as they are");
        return new Mp4Part(Mp4File.Open(path), 0, pick.Episode.Length);
    }
}
