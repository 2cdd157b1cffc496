namespace Vla.Sensors.Datasets;

/// <summary>An episode of a dataset: what it is about and where its frames are.</summary>
public sealed class DatasetEpisode
{
    /// <summary>Its number, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Its instructions: usually one.</summary>
    public required IReadOnlyList<string> Tasks { get; init; }

    /// <summary>Frames.</summary>
    public required int Length { get; init; }

    /// <summary>Its first frame's number in the dataset.</summary>
    public required long FirstIndex { get; init; }

    /// <summary>One past its last frame's number.</summary>
    public long EndIndex => FirstIndex + Length;

    internal FilePlace Data { get; init; }

    internal FilePlace Metadata { get; init; }

    /// <summary>By camera: where its pictures are.</summary>
    internal IReadOnlyDictionary<string, VideoPlace> Videos { get; init; } = new Dictionary<string, VideoPlace>();

    /// <summary>The last of its files' places.</summary>
    internal FilePlace LastPlace =>
        Videos
            .Values.Select(video => video.File)
            .Append(Data)
            .Append(Metadata)
            .MaxBy(place => (place.Chunk, place.File));
}
