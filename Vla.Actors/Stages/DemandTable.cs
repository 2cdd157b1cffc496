namespace Vla.Actors.Stages;

/// <summary>Who has asked for the results made from one source: once or ahead, and whom to answer.</summary>
/// <remarks>
/// <para>
/// Demand is a flag for each asker, not a count. Said again while it waits, it is passed on to the source: whatever was
/// lost in a restart further up is thereby asked for again. Said again while its result was being made, it is answered
/// by that result. So each asker has one demand under way, and the source one for all of them: were there more, each
/// would wait for the ones before it and be older by as much.
/// </para>
/// <para>
/// Demand that was said again may all the same bring a second input. After demand for one result it is let go: nobody
/// knows when the next will be wanted, and the input would be as old as that is late.
/// </para>
/// <para>Used by one thread at a time. Allocates nothing once it has held as many askers as there are.</para>
/// </remarks>
/// <typeparam name="TAsker">Tells askers apart.</typeparam>
internal sealed class DemandTable<TAsker>
    where TAsker : notnull
{
    private readonly List<Demand> _waiting = [];
    private readonly List<TAsker> _answering = [];
    private readonly List<(TAsker Asker, long Result)> _answered = [];
    private long _results;
    private long _heard;
    private bool _lastWasOnce;

    /// <summary>True while somebody waits for a result.</summary>
    public bool IsWanted => _waiting.Count > 0;

    /// <summary>True when one of those who wait will want another right after.</summary>
    public bool IsAhead
    {
        get
        {
            foreach (var demand in _waiting)
            {
                if (demand.Ahead)
                    return true;
            }

            return false;
        }
    }

    /// <summary>True while the source is asked for an input that has not come yet.</summary>
    public bool IsPassedOn { get; private set; }

    /// <summary>Somebody wants a result.</summary>
    /// <param name="asker">Who; said again, the last word counts.</param>
    /// <param name="ahead">Whether it will want another right after.</param>
    /// <returns>False when there is nothing to do: the source is asked already, or the result has been given
    /// meanwhile.</returns>
    public bool Ask(TAsker asker, bool ahead)
    {
        // Said before the result was there that it waits for.
        foreach (var answered in _answered)
        {
            if (Same(answered.Asker, asker))
                return false;
        }

        for (var i = 0; i < _waiting.Count; i++)
        {
            if (!Same(_waiting[i].Asker, asker))
                continue;
            _waiting[i] = new Demand(asker, ahead);
            return true;
        }

        _waiting.Add(new Demand(asker, ahead));
        return !IsPassedOn;
    }

    /// <summary>The source has been asked.</summary>
    public void PassedOn() => IsPassedOn = true;

    /// <summary>The source has given an input.</summary>
    /// <returns>False when it is to be let go: nobody waits, and what was wanted last was one result.</returns>
    public bool Arrived()
    {
        IsPassedOn = false;
        return IsWanted || !_lastWasOnce;
    }

    /// <summary>Work for all who wait begins.</summary>
    /// <returns>Who gets its result, in the order in which they asked; good until the next call.</returns>
    public IReadOnlyList<TAsker> Take()
    {
        _lastWasOnce = !IsAhead;
        _results++;
        _answering.Clear();
        foreach (var (asker, _) in _waiting)
        {
            _answering.Add(asker);
            _answered.Add((asker, _results));
        }

        _waiting.Clear();
        return _answering;
    }

    /// <summary>
    /// One of those taken last gets nothing of the result and goes on waiting, before those who have asked since.
    /// </summary>
    public void PutBack(TAsker asker)
    {
        for (var i = _answered.Count - 1; i >= 0; i--)
        {
            if (_answered[i].Result == _results && Same(_answered[i].Asker, asker))
                _answered.RemoveAt(i);
        }

        _waiting.Add(new Demand(asker, !_lastWasOnce));
    }

    /// <summary>
    /// All that was said before the oldest result that this was not yet called for has been heard: from now on those
    /// who got it may ask again.
    /// </summary>
    public void Heard()
    {
        _heard++;
        var count = 0;
        while (count < _answered.Count && _answered[count].Result <= _heard)
            count++;
        _answered.RemoveRange(0, count);
    }

    private static bool Same(TAsker one, TAsker other) => EqualityComparer<TAsker>.Default.Equals(one, other);

    private readonly record struct Demand(TAsker Asker, bool Ahead);
}
