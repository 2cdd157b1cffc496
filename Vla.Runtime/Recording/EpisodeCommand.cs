namespace Vla.Runtime.Recording;

/// <summary>What whoever records asks for, with a key, on the page or with a button of a game pad.</summary>
internal enum EpisodeCommand
{
    /// <summary>Keep the episode under way; between episodes, begin the next.</summary>
    Next,

    /// <summary>Record the episode under way again; between episodes, the one before.</summary>
    Again,

    /// <summary>Keep the episode under way as one that failed; for those of a policy.</summary>
    Failed,

    /// <summary>Keep the episode under way, and end.</summary>
    End,
}
