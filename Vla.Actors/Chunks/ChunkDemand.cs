using Vla.Actors.Pipeline;

namespace Vla.Actors.Chunks;

/// <summary>
/// Decides when the next chunk is wanted: so early that it is there when the present one's share is carried out.
/// </summary>
/// <remarks>
/// <para>
/// Of a chunk, <c>execute</c> actions are carried out, counted from the first that was due when it arrived: what its
/// making took has passed. How early to ask is measured, from asking to the tick that takes the answer; the estimate
/// rises at once and sinks slowly, because a chunk that comes too late costs more than one that comes a little early.
/// </para>
/// <para>The control thread decides; whoever fetches chunks is told on that thread, and may look from any.</para>
/// </remarks>
public sealed class ChunkDemand
{
    /// <summary>With each chunk the estimate sinks by this share of itself.</summary>
    private const int SinkShare = 8;

    private readonly int? _execute;
    private readonly long _longestLeadNs;
    private int _isWanted = 1;
    private long _newestInstruction;
    private long _sceneBeganNs;
    private ActionChunk? _chunk;
    private long _firstRow;
    private long? _askedNs;

    /// <param name="execute">Actions of a chunk to carry out, 1 or more; null to want the next one always.</param>
    /// <param name="longestLeadNs">No answer counts as slower than this: one that waited for a failed stage says
    /// nothing.</param>
    internal ChunkDemand(int? execute, long longestLeadNs) => (_execute, _longestLeadNs) = (execute, longestLeadNs);

    /// <summary>
    /// True when there is nothing to decide: always the freshest plan, so that making it may run ahead.
    /// </summary>
    public bool IsAlways => _execute is null;

    /// <summary>True while the next chunk should be on its way.</summary>
    public bool IsWanted => Volatile.Read(ref _isWanted) != 0;

    /// <summary>Called on the control thread when <see cref="IsWanted"/> becomes true; must return at once.</summary>
    public Action? Wanted { get; set; }

    /// <summary>
    /// Number of the newest instruction given; a plan made for an older one is replaced as soon as can be.
    /// </summary>
    public long NewestInstruction
    {
        get => Interlocked.Read(ref _newestInstruction);
        set => Interlocked.Exchange(ref _newestInstruction, value);
    }

    /// <summary>
    /// When the scene was last set up anew, monotonic nanoseconds; a plan made from a picture before that is replaced
    /// as soon as can be.
    /// </summary>
    public long SceneBeganNs
    {
        get => Interlocked.Read(ref _sceneBeganNs);
        set => Interlocked.Exchange(ref _sceneBeganNs, value);
    }

    /// <summary>How long before its time a chunk is asked for, nanoseconds.</summary>
    internal long LeadNs { get; private set; }

    /// <summary>Notes that one has been offered, from any thread.</summary>
    internal void Served()
    {
        if (!IsAlways)
            Volatile.Write(ref _isWanted, 0);
    }

    /// <summary>Looks, at every tick, whether it is time to ask.</summary>
    /// <param name="chunk">In force; null when there is none.</param>
    /// <param name="nowNs">The tick's time.</param>
    /// <param name="ageLimitNs">How old the chunk's picture may grow: the next must be there by then.</param>
    internal void Look(ActionChunk? chunk, long nowNs, long ageLimitNs = long.MaxValue)
    {
        if (!IsDue(chunk, nowNs, ageLimitNs) || Interlocked.Exchange(ref _isWanted, 1) != 0)
            return;
        // Asked without any in force, it may have waited for an instruction: that is no measurement.
        if (chunk is not null)
            _askedNs = nowNs;
        Wanted?.Invoke();
    }

    private bool IsDue(ActionChunk? chunk, long nowNs, long ageLimitNs)
    {
        if (_execute is not { } actions || chunk is null)
            return true;
        if (!ReferenceEquals(chunk, _chunk))
            Begin(chunk, nowNs);
        if (chunk.Origin.InstructionNumber < NewestInstruction || chunk.Origin.CapturedNs < SceneBeganNs)
            return true;
        var end = Math.Min(_firstRow + actions, chunk.Horizon);
        return nowNs + LeadNs >= chunk.Origin.CapturedNs + Math.Min(end * chunk.StepNs, ageLimitNs);
    }

    private void Begin(ActionChunk chunk, long nowNs)
    {
        var age = Math.Max(0, nowNs - chunk.Origin.CapturedNs);
        // Before the first measurement the picture's age is the best there is.
        var tookNs = Math.Min(_askedNs is { } askedNs ? nowNs - askedNs : age, _longestLeadNs);
        LeadNs = Math.Max(tookNs, LeadNs - LeadNs / SinkShare);
        _askedNs = null;
        _chunk = chunk;
        _firstRow = chunk.StepNs > 0 ? age / chunk.StepNs : 0;
    }
}
