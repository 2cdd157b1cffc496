using Vla.Actors.Pipeline;

namespace Vla.Actors.Chunks;

/// <summary>
/// Blends what several chunks want for the same moment: temporal ensembling (ACT, arXiv:2304.13705, section IV-A).
/// </summary>
/// <remarks>
/// The action due is Σ wᵢ·aᵢ / Σ wᵢ over all chunks that have one for now, w = exp(−m·i), the oldest first. Chunks made
/// for another instruction than the newest are left out, so are those whose picture is older than a chunk may be
/// followed (unless the policy takes chunks up to their last action), and either/or dimensions are the newest chunk's.
/// Used by one thread; allocates nothing.
/// </remarks>
/// <param name="dimensions">Values in an action.</param>
/// <param name="execution">Weights, and which dimensions are either/or.</param>
/// <param name="limit">How long a chunk may be followed.</param>
internal sealed class ChunkEnsemble(int dimensions, ChunkExecution execution, ChunkAgeLimit limit)
{
    /// <summary>
    /// Of more chunks at once only the newest count, where chunks are not taken up to their last action.
    /// </summary>
    public const int MaximumChunks = 64;

    private ActionChunk[] _chunks = new ActionChunk[MaximumChunks];
    private readonly float[] _blended = new float[dimensions];
    private readonly double[] _sum = new double[dimensions];
    private int _count;

    /// <param name="chunk">The newest, with a step above 0.</param>
    public void Add(ActionChunk chunk)
    {
        if (_count > 0 && _chunks[_count - 1].Origin.InstructionNumber != chunk.Origin.InstructionNumber)
            Clear();
        if (execution.EnsemblesWholeChunks)
            MakeRoom(chunk);
        else if (_count == MaximumChunks)
            Forget(1);
        _chunks[_count++] = chunk;
    }

    public void Clear() => Forget(_count);

    /// <summary>The blended action due now, one value per dimension; valid until the next call.</summary>
    /// <param name="nowNs">A time for which the newest chunk has an action and may be followed.</param>
    public ReadOnlySpan<float> Due(long nowNs)
    {
        var usedUp = 0;
        while (usedUp < _count - 1 && Action(_chunks[usedUp], nowNs).IsEmpty)
            usedUp++;
        Forget(usedUp);

        Array.Clear(_sum);
        var weights = 0d;
        var used = 0;
        for (var i = 0; i < _count; i++)
        {
            var actions = Action(_chunks[i], nowNs);
            if (actions.IsEmpty)
                continue;
            var weight = Math.Exp(-execution.EnsembleDecay * used++);
            weights += weight;
            for (var d = 0; d < dimensions; d++)
                _sum[d] += weight * actions[d];
        }

        for (var d = 0; d < dimensions; d++)
            _blended[d] = (float)(_sum[d] / weights);
        var newest = Action(_chunks[_count - 1], nowNs);
        for (var i = 0; i < execution.Binary.Count; i++)
            _blended[execution.Binary[i]] = newest[execution.Binary[i]];
        return _blended;
    }

    private ReadOnlySpan<float> Action(ActionChunk chunk, long nowNs)
    {
        var age = Math.Max(0, nowNs - chunk.Origin.CapturedNs);
        var row = age / chunk.StepNs;
        return row < chunk.Horizon && (execution.EnsemblesWholeChunks || age <= limit.Of(chunk))
            ? chunk.Values.AsSpan((int)row * dimensions, dimensions)
            : default;
    }

    /// <summary>
    /// One plan for a step: of those that come faster the newest. So there are never more than a chunk has actions.
    /// </summary>
    private void MakeRoom(ActionChunk chunk)
    {
        if (_chunks.Length <= chunk.Horizon)
            Array.Resize(ref _chunks, chunk.Horizon + 1);
        if (_count > 1 && chunk.Origin.CapturedNs - _chunks[_count - 2].Origin.CapturedNs <= chunk.StepNs)
            _count--;
        else if (_count == _chunks.Length)
            Forget(1);
    }

    private void Forget(int oldest)
    {
        Array.Copy(_chunks, oldest, _chunks, 0, _count - oldest);
        Array.Clear(_chunks, _count - oldest, oldest);
        _count -= oldest;
    }
}
