namespace Vla.Runtime.Serving;

/// <summary>
/// The policies that work for clients, one for each at a time, so that nobody waits for another's words; made when they
/// are first needed, and kept.
/// </summary>
/// <param name="most">How many there may be: each has weights of its own in memory.</param>
/// <param name="make">Makes one.</param>
public sealed class PolicyPool(int most, Func<ServedPolicy> make) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Stack<ServedPolicy> _free = new();
    private readonly List<ServedPolicy> _all = [];

    /// <summary>How many clients there may be at a time.</summary>
    public int Most => most;

    /// <summary>How many work for a client now.</summary>
    public int Taken
    {
        get
        {
            lock (_gate)
                return _all.Count - _free.Count;
        }
    }

    /// <summary>All that were made.</summary>
    public IReadOnlyList<ServedPolicy> All
    {
        get
        {
            lock (_gate)
                return [.. _all];
        }
    }

    /// <summary>One for a client; null when all are taken.</summary>
    public ServedPolicy? TryTake()
    {
        lock (_gate)
        {
            if (_free.TryPop(out var free))
                return free;
            if (_all.Count == most)
                return null;
            var made = make();
            _all.Add(made);
            return made;
        }
    }

    /// <summary>The client is gone.</summary>
    public void GiveBack(ServedPolicy policy)
    {
        lock (_gate)
            _free.Push(policy);
    }

    public void Dispose()
    {
        foreach (var policy in All)
            policy.Dispose();
    }
}
