using Vla.Sensors.Images;

namespace Vla.Actors.Policies.Remote;

/// <summary>What becomes of a camera's picture of another shape, in the words of addresses and layouts.</summary>
internal static class WireFits
{
    private static readonly (string Word, ImageFit Fit)[] All =
    [
        ("stretch", ImageFit.Stretch),
        ("pad", ImageFit.Centre),
        ("crop", ImageFit.Crop),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. All.Select(one => one.Word)];

    /// <summary>The one of a word; null for none.</summary>
    public static ImageFit? Find(string word) =>
        Array.Find(All, one => one.Word == word) is { Word: not null } found ? found.Fit : null;

    /// <summary>The word for one of them.</summary>
    public static string Word(ImageFit fit) => Array.Find(All, one => one.Fit == fit).Word;
}
