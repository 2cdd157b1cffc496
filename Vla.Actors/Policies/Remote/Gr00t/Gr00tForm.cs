namespace Vla.Actors.Policies.Remote.Gr00t;

/// <summary>How an observation lies in a message of GR00T's protocol.</summary>
internal enum Gr00tForm
{
    /// <summary>Maps <c>video</c>, <c>state</c> and <c>language</c>, batch and time before each array (N1.6,
    /// N1.7).</summary>
    Nested,

    /// <summary>One map with <c>video.image</c> and so on, arrays as there (its wrapper for simulators).</summary>
    Flat,

    /// <summary>One map with <c>video.image</c> and so on, time before each array, and no options around it
    /// (N1.5).</summary>
    N15,
}

/// <summary>What the forms are called in an address.</summary>
internal static class Gr00tForms
{
    private static readonly (string Word, Gr00tForm Form)[] All =
    [
        ("nested", Gr00tForm.Nested),
        ("flat", Gr00tForm.Flat),
        ("n1.5", Gr00tForm.N15),
    ];

    /// <summary>All of them, for messages.</summary>
    public static string Words { get; } = string.Join(", ", All.Select(one => one.Word));

    /// <summary>The one of a word; null for none.</summary>
    public static Gr00tForm? Find(string word) =>
        Array.Find(All, one => one.Word == word) is { Word: not null } found ? found.Form : null;
}
