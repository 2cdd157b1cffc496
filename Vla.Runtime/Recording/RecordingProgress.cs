using System.Globalization;

namespace Vla.Runtime.Recording;

/// <summary>
/// Says how far a recording is, with its rate and the time left: a line that changes, or one now and then.
/// </summary>
/// <param name="output">Where to.</param>
/// <param name="changing">Whether a line can be written over, as on a terminal.</param>
/// <param name="episodes">In all.</param>
/// <param name="time">The clock.</param>
/// <param name="quiet">Nothing is said before so long; what is over by then needs no progress.</param>
internal sealed class RecordingProgress(
    TextWriter output,
    bool changing,
    int episodes,
    TimeProvider time,
    TimeSpan quiet = default
)
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(10);

    private readonly long _start = time.GetTimestamp();
    private TimeSpan _said;
    private (int Episodes, long Frames)? _first;

    /// <param name="done">Episodes saved.</param>
    /// <param name="frames">Frames saved.</param>
    public void Say(int done, long frames)
    {
        // What was there before this recording counts for the whole, not for the rate.
        _first ??= (done - 1, 0);
        var elapsed = time.GetElapsedTime(_start);
        if (elapsed < quiet || (done < episodes && elapsed - _said < (changing ? Often : Seldom)))
            return;
        _said = elapsed;
        var share = (double)(done - _first.Value.Episodes) / (episodes - _first.Value.Episodes);
        var left = elapsed * ((1 - share) / share);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"vla: {done:N0} of {episodes:N0} episodes, {frames:N0} frames, "
                + $"{frames / Math.Max(0.001, elapsed.TotalSeconds):N0} a second, {left:h\\:mm\\:ss} left"
        );
        if (changing)
            output.Write($"\r{text}\e[K{(done == episodes ? "\n" : "")}");
        else
            output.WriteLine(text);
    }
}
