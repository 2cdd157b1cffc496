namespace Vla.Runtime.Serving;

/// <summary>
/// The actions of a chunk, one after the other, for protocols whose answer is a single one: as many of each chunk as
/// the policy carries out.
/// </summary>
/// <param name="execute">So many of each chunk.</param>
/// <param name="dimensions">Numbers in an action.</param>
internal sealed class ActionQueue(int execute, int dimensions)
{
    private float[] _values = [];
    private int _next;
    private int _end;

    /// <summary>Whether the next observation has to be shown to the policy.</summary>
    public bool IsEmpty => _next == _end;

    /// <summary>A new episode: what was planned in the last is no use.</summary>
    public void Clear() => _next = _end = 0;

    /// <exception cref="Vla.Actors.Policies.PolicyException">They are no actions.</exception>
    public void Fill(Inferred inferred)
    {
        _values = inferred.Values(dimensions);
        (_next, _end) = (0, Math.Min(execute, inferred.Chunk.Horizon));
    }

    /// <summary>The next action; there has to be one.</summary>
    public ReadOnlySpan<float> Next() => _values.AsSpan(_next++ * dimensions, dimensions);
}
