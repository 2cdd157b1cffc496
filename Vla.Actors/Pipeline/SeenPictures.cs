using System.Collections;
using Vla.Sensors.Observations;

namespace Vla.Actors.Pipeline;

/// <summary>A picture that something was made of.</summary>
/// <param name="Camera">Its camera's name: <c>front</c>.</param>
/// <param name="Sequence">Counts the camera's pictures from 1.</param>
/// <param name="CapturedNs">When it was taken, monotonic nanoseconds.</param>
public readonly record struct SeenPicture(string Camera, long Sequence, long CapturedNs);

/// <summary>The pictures that an action was made of, one of each camera: a list that never changes.</summary>
public readonly struct SeenPictures : IReadOnlyList<SeenPicture>, IEquatable<SeenPictures>
{
    private readonly SeenPicture[]? _pictures;

    private SeenPictures(SeenPicture[] pictures) => _pictures = pictures;

    /// <summary>How many there are.</summary>
    public int Count => _pictures?.Length ?? 0;

    /// <summary>A picture, in the observation's order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    public SeenPicture this[int index] =>
        _pictures is null ? throw new ArgumentOutOfRangeException(nameof(index)) : _pictures[index];

    private ReadOnlySpan<SeenPicture> Pictures => _pictures;

    /// <summary>These pictures.</summary>
    public static SeenPictures Of(params ReadOnlySpan<SeenPicture> pictures) => new([.. pictures]);

    /// <summary>All pictures of an observation.</summary>
    public static SeenPictures Of(Observation observation)
    {
        var pictures = new SeenPicture[observation.Names.Count];
        for (var i = 0; i < pictures.Length; i++)
            pictures[i] = new SeenPicture(observation.Names[i], observation[i].Sequence, observation[i].CapturedNs);
        return new SeenPictures(pictures);
    }

    /// <summary>The picture of a camera; null where it was not among them.</summary>
    public SeenPicture? Find(string camera)
    {
        foreach (var picture in Pictures)
        {
            if (picture.Camera == camera)
                return picture;
        }

        return null;
    }

    /// <inheritdoc/>
    public IEnumerator<SeenPicture> GetEnumerator() => ((IEnumerable<SeenPicture>)(_pictures ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(SeenPictures other) => Pictures.SequenceEqual(other.Pictures);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SeenPictures other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Count == 0 ? 0 : HashCode.Combine(Count, this[0]);

    /// <summary>Whether they are the same pictures.</summary>
    public static bool operator ==(SeenPictures left, SeenPictures right) => left.Equals(right);

    /// <summary>Whether they are not.</summary>
    public static bool operator !=(SeenPictures left, SeenPictures right) => !left.Equals(right);
}
