using System.Globalization;
using Vla.Actors.Pipeline;
using Vla.Sensors;

namespace Vla.Actors.Chunks;

/// <summary>
/// Notices a policy that is too slow for its robot: again and again an action is too old before the next one comes.
/// </summary>
/// <remarks>
/// Without it such a robot would move and hold by turns and only ever name the last gap. For one thread.
/// </remarks>
internal sealed class ChunkGaps
{
    /// <summary>So many gaps in a row are no accident.</summary>
    public const int Accidents = 3;

    private long? _outlivedNs;
    private int _gaps;
    private string _words = "";

    /// <summary>
    /// What is wrong, with the mend; empty while the next action comes in time. May be read from any thread.
    /// </summary>
    public string Words => Volatile.Read(ref _words);

    /// <summary>Notes that a chunk, whose picture was taken at that time, was given up for its age.</summary>
    public void Outlived(long capturedNs) => _outlivedNs = capturedNs;

    /// <summary>Notes the chunk that was put in force next.</summary>
    /// <param name="chunk">It.</param>
    /// <param name="arrivalAgeNs">How old its picture was by then.</param>
    /// <param name="limitNs">How old it may grow.</param>
    public void Begun(ActionChunk chunk, long arrivalAgeNs, long limitNs)
    {
        if (_outlivedNs is not { } beforeNs)
        {
            if (_gaps == 0)
                return;
            _gaps = 0;
            Volatile.Write(ref _words, "");
            return;
        }

        _outlivedNs = null;
        if (++_gaps < Accidents)
            return;
        var (what, flag) = chunk.Horizon == 1 ? ("an action", "--max-age") : ("a chunk", "--max-chunk-age");
        Volatile.Write(
            ref _words,
            string.Create(
                CultureInfo.InvariantCulture,
                $"the policy or its camera is too slow: {what} comes every {Ms(chunk.Origin.CapturedNs - beforeNs)} "
                    + $"ms, its picture {Ms(arrivalAgeNs)} ms old, "
                    + $"and may be followed until that is {Ms(limitNs)} ms old ({flag}); the robot moves and holds "
                    + $"by turns"
            )
        );
    }

    /// <summary>Forgets a gap that has another cause: a stop, a lost camera.</summary>
    public void Forget() => _outlivedNs = null;

    private static long Ms(long ns) => ns / MonotonicTime.NsPerMs;
}
