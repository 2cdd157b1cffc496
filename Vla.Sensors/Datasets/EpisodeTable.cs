namespace Vla.Sensors.Datasets;

/// <summary><c>meta/episodes</c>: where each episode is, and what it is about.</summary>
internal static class EpisodeTable
{
    private const long LargestIndex = 1L << 48;

    /// <summary>Its files, in their order.</summary>
    public static string[] Files(string directory)
    {
        var folder = Path.Combine(directory, "meta", "episodes");
        if (!Directory.Exists(folder))
            return [];
        string[] files = [.. Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories)];
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    /// <summary>All episodes, in the order of their numbers.</summary>
    /// <exception cref="DatasetException">A file is damaged, or they contradict each other.</exception>
    public static IReadOnlyList<DatasetEpisode> Read(string directory, DatasetInfo info)
    {
        if (info.IsOld)
            return RequireNumbers(directory, [.. LegacyTables.Episodes(directory, info)]);
        DatasetEpisode[] episodes =
        [
            .. Files(directory).SelectMany(path => ReadFile(path, info)).OrderBy(episode => episode.Index),
        ];
        return RequireNumbers(directory, episodes);
    }

    private static DatasetEpisode[] RequireNumbers(string directory, DatasetEpisode[] episodes)
    {
        for (var i = 0; i < episodes.Length; i++)
        {
            if (episodes[i].Index == i)
                continue;
            throw Contradiction(
                directory,
                episodes[i].Index < i
                    ? $"there are two episodes {episodes[i].Index}"
                    : $"there is no episode {i}, but an episode {episodes[i].Index}"
            );
        }

        return episodes;
    }

    /// <summary>Makes sure that there are as many as <c>meta/info.json</c> counts.</summary>
    /// <exception cref="DatasetException">There are not.</exception>
    public static void RequireCounts(string directory, DatasetInfo info, IReadOnlyList<DatasetEpisode> episodes)
    {
        // A recording that was killed may have saved one that is not counted yet.
        if (info.TotalEpisodes > episodes.Count)
            throw Contradiction(
                directory,
                $"meta/info.json counts {info.TotalEpisodes} episodes, meta/episodes has {episodes.Count}"
            );
        var frames = episodes.Sum(episode => (long)episode.Length);
        if (info.TotalEpisodes == episodes.Count && info.TotalFrames is { } total && total != frames)
            throw Contradiction(directory, $"meta/info.json counts {total} frames, the episodes have {frames}");
    }

    private static DatasetException Contradiction(string directory, string what) =>
        new($"dataset '{directory}' contradicts itself: {what}");

    /// <summary>The episodes of one file, in the order of its rows.</summary>
    /// <exception cref="DatasetException">It is damaged, or contradicts itself.</exception>
    public static DatasetEpisode[] ReadFile(string path, DatasetInfo info)
    {
        using var table = ParquetTable.Open(path);
        var indices = Whole("episode_index");
        var lengths = Whole("length");
        var first = table.AllNumbers<long>("dataset_from_index");
        var end = table.Has("dataset_to_index") ? table.AllNumbers<long>("dataset_to_index") : null;
        var data = Places("data");
        var metadata = Places("meta/episodes");
        var tasks = table.TextLists("tasks");
        var videos = info.Features.Where(feature => feature.Type == FeatureType.Video).Select(ReadVideos).ToArray();
        var episodes = new DatasetEpisode[indices.Length];
        for (var i = 0; i < episodes.Length; i++)
        {
            if (lengths[i] < 1)
                throw Wrong(i, $"has {lengths[i]} frames");
            if (first[i] is < 0 or > LargestIndex || (end is not null && end[i] != first[i] + lengths[i]))
                throw Wrong(i, $"has {lengths[i]} frames, but goes from frame {first[i]} to {end?[i]} of the dataset");
            episodes[i] = new DatasetEpisode
            {
                Index = indices[i],
                Tasks = tasks[i],
                Length = lengths[i],
                FirstIndex = first[i],
                Data = data[i],
                Metadata = metadata[i],
                Videos = videos.ToDictionary(video => video.Name, video => video.Places[i]),
            };
        }

        return episodes;

        int[] Whole(string column) => table.AllNumbers<int>(column);

        FilePlace[] Places(string kind)
        {
            FilePlace[] places =
            [
                .. Whole($"{kind}/chunk_index")
                    .Zip(Whole($"{kind}/file_index"), (chunk, file) => new FilePlace(chunk, file)),
            ];
            var wrong = Array.FindIndex(places, place => place.Chunk < 0 || place.File < 0);
            return wrong < 0
                ? places
                : throw Wrong(
                    wrong,
                    $"is in the {kind} file {places[wrong].Chunk}/{places[wrong].File}, which cannot be"
                );
        }

        (string Name, VideoPlace[] Places) ReadVideos(DatasetFeature camera)
        {
            var kind = $"videos/{camera.Name}";
            var files = Places(kind);
            var from = table.AllNumbers<double>($"{kind}/from_timestamp");
            var to = table.Has($"{kind}/to_timestamp") ? table.AllNumbers<double>($"{kind}/to_timestamp") : null;
            var wrong = Enumerable
                .Range(0, files.Length)
                .Cast<int?>()
                .FirstOrDefault(i =>
                    !(
                        from[i!.Value] >= 0
                        && (to is null || (to[i.Value] > from[i.Value] && double.IsFinite(to[i.Value])))
                    )
                );
            if (wrong is { } row)
                throw Wrong(
                    row,
                    FormattableString.Invariant(
                        $"goes from {from[row]} s to {to?[row]} s of the {camera.Name} video, which cannot be"
                    )
                );
            return (
                camera.Name,
                [.. files.Select((file, i) => new VideoPlace(file, from[i], to?[i] ?? double.PositiveInfinity))]
            );
        }

        DatasetException Wrong(int row, string what) =>
            new($"'{path}' contradicts itself: episode {indices[row]} {what}");
    }
}

/// <summary>Where in which video file an episode is.</summary>
/// <param name="File">The file.</param>
/// <param name="From">When its first picture is shown, seconds in the file.</param>
/// <param name="To">When it ends, seconds in the file; infinite when it is not said.</param>
internal readonly record struct VideoPlace(FilePlace File, double From, double To)
{
    /// <summary>When the last of some frames is shown, seconds in the file.</summary>
    public double LastFrame(int frames, double fps) => From + (frames - 1) / fps;

    /// <summary>Whether the last of them is shown before the end, as far as that is said.</summary>
    public bool HasRoomFor(int frames, double fps) => LastFrame(frames, fps) < To + EpisodeRows.Tolerance;
}
