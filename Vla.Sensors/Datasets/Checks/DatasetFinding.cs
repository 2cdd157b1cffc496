using System.Globalization;

namespace Vla.Sensors.Datasets.Checks;

/// <summary>Something that is wrong with a dataset, or worth knowing of it.</summary>
/// <param name="File">Where, within the dataset: <c>meta/info.json</c>.</param>
/// <param name="What">What, in one line.</param>
internal sealed record DatasetFinding(string File, string What)
{
    /// <summary>The episode's number; null where it concerns none alone.</summary>
    public int? Episode { get; init; }

    /// <summary>The frame's number in its episode; null where it concerns none alone.</summary>
    public int? Frame { get; init; }

    /// <summary>False for what LeRobot loads all the same, though not everything can be done with it.</summary>
    public bool IsFault { get; init; } = true;

    public override string ToString()
    {
        var episode = Episode is { } one ? string.Create(CultureInfo.InvariantCulture, $", episode {one}") : "";
        var frame = Frame is { } two ? string.Create(CultureInfo.InvariantCulture, $", frame {two}") : "";
        return $"{File}{episode}{frame}: {What}";
    }
}
