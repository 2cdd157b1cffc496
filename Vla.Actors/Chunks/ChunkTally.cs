using Vla.Actors.Pipeline;

namespace Vla.Actors.Chunks;

/// <summary>Counts, action by action, what was published of each chunk: written by one thread, read by any.</summary>
internal sealed class ChunkTally
{
    private ActionChunk? _chunk;
    private int _row;
    private int _ofThis;
    private long[] _publishedNs = [];
    private long _begun;
    private long _actions;
    private long _cutShort;
    private long _carriedOut;
    private long _ofLast;

    /// <summary>The same for the policy.</summary>
    public ChunkProgress Progress { get; } = new();

    /// <summary>
    /// Notes that an action of a chunk was published; the same one again, tick after tick, counts once.
    /// </summary>
    public void Published(ActionChunk chunk, int row, long nowNs)
    {
        if (!ReferenceEquals(chunk, _chunk))
        {
            Progress.Begun(chunk, PublishedSince(chunk, row));
            Count();
            if (_publishedNs.Length < chunk.Horizon)
                _publishedNs = new long[chunk.Horizon];
            Array.Clear(_publishedNs);
            _chunk = chunk;
            _row = -1;
            Interlocked.Increment(ref _begun);
        }

        _publishedNs[row] = nowNs;
        if (row == _row)
            return;
        _row = row;
        _ofThis++;
        Interlocked.Increment(ref _actions);
    }

    /// <summary>Notes that nothing of the chunk will be published any more.</summary>
    public void End()
    {
        if (_chunk is null)
            return;
        Progress.Ended();
        Count();
    }

    // With none before it, those that were due.
    private int PublishedSince(ActionChunk chunk, int row)
    {
        if (_chunk is null)
            return row;
        var count = 0;
        foreach (var atNs in _publishedNs)
        {
            if (atNs > chunk.Origin.CapturedNs)
                count++;
        }

        return count;
    }

    private void Count()
    {
        if (_chunk is null)
            return;
        Interlocked.Increment(ref _row == _chunk.Horizon - 1 ? ref _carriedOut : ref _cutShort);
        Interlocked.Exchange(ref _ofLast, _ofThis);
        (_chunk, _ofThis) = (null, 0);
    }

    public ChunkCounts Read() =>
        new(
            Interlocked.Read(ref _begun),
            Interlocked.Read(ref _actions),
            Interlocked.Read(ref _carriedOut),
            Interlocked.Read(ref _cutShort),
            Interlocked.Read(ref _ofLast)
        );
}

/// <summary>What became of the chunks, counted as they were published.</summary>
/// <param name="Begun">Chunks of which at least one action was published.</param>
/// <param name="Actions">Their actions that were published.</param>
/// <param name="CarriedOut">Chunks that came to their last action.</param>
/// <param name="CutShort">Chunks that another one replaced, or a stop ended, before their last action.</param>
/// <param name="ActionsOfLast">Actions of the newest of these that were published.</param>
public readonly record struct ChunkCounts(long Begun, long Actions, long CarriedOut, long CutShort, long ActionsOfLast);
