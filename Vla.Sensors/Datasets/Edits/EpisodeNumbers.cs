using System.Globalization;

namespace Vla.Sensors.Datasets.Edits;

/// <summary>Episodes as they are written on a command line: <c>3,7-9</c>.</summary>
internal static class EpisodeNumbers
{
    private const int MostDigits = 9;

    /// <param name="text">Numbers and ranges, with commas between.</param>
    /// <param name="count">Episodes that there are.</param>
    /// <returns>Each once, in their order; null when it is no such list.</returns>
    /// <exception cref="DatasetException">There is no such episode, or a range goes backwards.</exception>
    public static IReadOnlyList<int>? TryParse(string text, int count)
    {
        SortedSet<int> numbers = [];
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length > 2 || ends.Any(end => Parse(end) is null))
                return null;
            var (from, to) = (Parse(ends[0])!.Value, Parse(ends[^1])!.Value);
            if (from > to)
                throw new DatasetException($"the episodes {part} go backwards: write {to}-{from}");
            if (to >= count)
                throw new DatasetException(
                    $"there is no episode {to}: the dataset has {count}"
                        + (count > 0 ? $", numbered 0 to {count - 1}" : "")
                );
            numbers.UnionWith(Enumerable.Range(from, to - from + 1));
        }

        return [.. numbers];
    }

    private static int? Parse(string text) =>
        text.Length is > 0 and <= MostDigits
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
