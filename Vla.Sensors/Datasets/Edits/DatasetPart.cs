using System.Globalization;

namespace Vla.Sensors.Datasets.Edits;

/// <summary>A part that a dataset is split into: <c>train=0.8</c>, or <c>train=0-79</c>.</summary>
/// <param name="Name">Of its folder.</param>
/// <param name="Episodes">Their numbers.</param>
internal sealed record DatasetPart(string Name, IReadOnlyList<int> Episodes)
{
    /// <summary>Shares may add up to a little more than 1, as thirds do.</summary>
    private const double Rounding = 1e-6;

    /// <param name="texts">Names with shares of the episodes, in their order, or with their numbers.</param>
    /// <param name="count">Episodes that there are.</param>
    /// <exception cref="DatasetException">One is no part, empty, or has what another has.</exception>
    public static IReadOnlyList<DatasetPart> Parse(IReadOnlyList<string> texts, int count)
    {
        List<DatasetPart> parts = [];
        var (share, from) = (0.0, 0);
        foreach (var text in texts)
        {
            var at = text.LastIndexOf('=');
            if (at < 1 || !IsName(text[..at]))
                throw new DatasetException(
                    $"'{text}' is no part: write NAME=SHARE or NAME=EPISODES, such as train=0.8 or test=80-99"
                );
            var (name, value) = (text[..at], text[(at + 1)..]);
            IReadOnlyList<int> episodes;
            if (IsShare(value) is { } one)
            {
                share += one;
                if (share > 1 + Rounding)
                    throw new DatasetException(
                        FormattableString.Invariant($"the shares add up to {share:0.###}: 1 is the most")
                    );
                var to = (int)Math.Round(Math.Min(share, 1) * count);
                episodes = [.. Enumerable.Range(from, Math.Max(0, to - from))];
                from = to;
            }
            else
            {
                episodes =
                    EpisodeNumbers.TryParse(value, count)
                    ?? throw new DatasetException(
                        $"'{text}' is no part: its episodes are a share such as 0.8, or numbers such as 0-79,85"
                    );
            }

            if (episodes.Count == 0)
                throw new DatasetException($"the part {name} has no episode of {count}: give it more");
            if (parts.Any(part => part.Name == name))
                throw new DatasetException($"two parts have the name {name}");
            parts.Add(new DatasetPart(name, episodes));
        }

        foreach (var twice in parts.SelectMany(part => part.Episodes).GroupBy(one => one).Where(one => one.Count() > 1))
            throw new DatasetException($"episode {twice.Key} is in {twice.Count()} parts: it belongs into one");
        return parts;
    }

    /// <summary>It becomes a folder within the one that is named.</summary>
    private static bool IsName(string name) =>
        name is not ("." or "..") && name.IndexOfAny(['/', '\\', '\0', ':', '*', '?', '"', '<', '>', '|']) < 0;

    private static double? IsShare(string text)
    {
        var isPercent = text.EndsWith('%');
        if (!isPercent && !text.Contains('.'))
            return null;
        return double.TryParse(
            isPercent ? text[..^1] : text,
            NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out var number
        )
            ? number / (isPercent ? 100 : 1)
            : null;
    }
}
