using Vla.Sensors;

namespace Vla.Runtime.Pages;

/// <summary>
/// Keeps a mark on a dimension for a second after a limit changed its value: one tick is too short to see.
/// </summary>
/// <param name="dimensions">How many.</param>
internal sealed class ClampMarks(int dimensions)
{
    private const long ShownNs = MonotonicTime.NsPerSecond;

    private readonly long[] _countsBefore = new long[dimensions];
    private readonly long?[] _seenNs = new long?[dimensions];

    /// <summary>Which dimensions to mark.</summary>
    /// <param name="counts">How often each was changed so far.</param>
    /// <param name="nowNs">Monotonic nanoseconds.</param>
    public bool[] Look(IReadOnlyList<long> counts, long nowNs)
    {
        var marked = new bool[_countsBefore.Length];
        for (var i = 0; i < marked.Length; i++)
        {
            if (counts[i] > _countsBefore[i])
                _seenNs[i] = nowNs;
            _countsBefore[i] = counts[i];
            marked[i] = nowNs - _seenNs[i] < ShownNs;
        }

        return marked;
    }
}
