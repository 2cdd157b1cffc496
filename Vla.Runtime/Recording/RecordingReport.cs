namespace Vla.Runtime.Recording;

/// <summary>How a recording stands.</summary>
/// <param name="Directory">The dataset.</param>
/// <param name="Episodes">Saved in this run.</param>
/// <param name="Frames">In these.</param>
/// <param name="Dropped">Frames that were due and are not recorded.</param>
/// <param name="Error">Why the last episode could not be saved; null when it was.</param>
internal sealed record RecordingReport(string Directory, long Episodes, long Frames, long Dropped, string? Error)
{
    /// <summary>Episodes that were not kept, since they were shorter than half a second.</summary>
    public long TooShort { get; init; }

    /// <summary>How the episodes stand that are recorded one after the other; null where a run is recorded.</summary>
    public SessionProgress? Session { get; init; }

    /// <summary>
    /// Pictures taken and actions published that were left out, since the recording had not looked in time.
    /// </summary>
    public long Missed { get; init; }
}
