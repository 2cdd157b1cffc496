namespace Vla.Actors.Policies.Remote;

/// <summary>What nothing on a wire exceeds, whoever says it: an address, a layout, a server or a client.</summary>
internal static class WireLimits
{
    /// <summary>Actions in a chunk, and so those of one that are carried out.</summary>
    public const int MostActions = 1_000;

    /// <summary>Numbers in an action, or in the state.</summary>
    public const int MostNumbers = 1_024;

    /// <summary>Rows or columns of a picture.</summary>
    public const int LargestSide = 4_096;

    /// <summary>Time from one action of a chunk to the next, milliseconds.</summary>
    public const int LongestStepMs = 60_000;
}
