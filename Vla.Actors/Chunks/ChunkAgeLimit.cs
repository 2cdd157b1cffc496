using System.Globalization;
using Vla.Actors.Pipeline;
using Vla.Sensors;

namespace Vla.Actors.Chunks;

/// <summary>
/// How old the picture behind an action may grow while the action, or the chunk it belongs to, is followed.
/// </summary>
/// <remarks>
/// A single action: what is set for it. A chunk: what is set for it,
/// or by itself <c>execute</c> steps and <see cref="SlackMs"/>, one step where the freshest plan is always followed;
/// and never longer than the chunk is.
/// </remarks>
internal sealed class ChunkAgeLimit
{
    /// <summary>What the next chunk may be late by before the one in force is given up, milliseconds.</summary>
    public const int SlackMs = 300;

    private readonly long _singleNs;
    private readonly long _chunkNs;
    private readonly int _execute;

    /// <param name="singleMs">For a single action, and for a chunk when it arrives.</param>
    /// <param name="chunkMs">For a chunk that is followed; 0 for what follows from
    /// <paramref name="execution"/>.</param>
    /// <param name="execution">How the policy wants its chunks carried out.</param>
    public ChunkAgeLimit(int singleMs, int chunkMs, ChunkExecution execution)
    {
        _singleNs = singleMs * MonotonicTime.NsPerMs;
        _chunkNs = chunkMs * MonotonicTime.NsPerMs;
        _execute = execution.Execute ?? 1;
    }

    /// <summary>How old the picture behind an action may be when the action arrives, nanoseconds.</summary>
    public long OnArrivalNs => _singleNs;

    /// <summary>For one chunk, nanoseconds since its picture was taken.</summary>
    public long Of(ActionChunk chunk)
    {
        if (chunk.Horizon == 1)
            return _singleNs;
        var wantedNs = _chunkNs > 0 ? _chunkNs : _execute * chunk.StepNs + SlackMs * MonotonicTime.NsPerMs;
        return Math.Min(wantedNs, chunk.Horizon * chunk.StepNs);
    }

    /// <summary>What is said when nothing newer came before an action or a chunk grew too old.</summary>
    internal string Outlived(ActionChunk chunk, long ageNs)
    {
        var limitNs = Of(chunk);
        if (chunk.Horizon == 1)
            return TooOld("the last action's observation is", ageNs, limitNs);
        return limitNs == chunk.Horizon * chunk.StepNs
            ? "the last action chunk is used up"
            : TooOld("the picture behind the last action chunk is", ageNs, limitNs);
    }

    // Rounded up: an age that is over the limit by a fraction must not read as equal to it.
    internal static string TooOld(string what, long ageNs, long limitNs) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{what} {(ageNs + MonotonicTime.NsPerMs - 1) / MonotonicTime.NsPerMs} ms old, allowed are "
                + $"{limitNs / MonotonicTime.NsPerMs} ms"
        );
}
