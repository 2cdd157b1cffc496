namespace Vla.Runtime.Serving;

/// <summary>
/// The policies that work for clients, one for each at a time, so that nobody waits for another's words; made when they
/// are first needed, and kept.
/// </summary>
/// <param name="most">How many there may be: each may have weights of its own in memory.</param>
/// <param name="make">Makes one.</param>
internal sealed class PolicyPool(int most, Func<ServedPolicy> make) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly FairPlaces _places = new(most);
    private readonly Stack<ServedPolicy> _free = new();
    private readonly List<ServedPolicy> _all = [];

    /// <summary>How many clients there may be at a time.</summary>
    public int Most => most;

    /// <summary>How many work for a client now.</summary>
    public int Taken => most - _places.Free;

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
    public ServedPolicy? TryTake() => _places.TryTake() ? Take() : null;

    /// <summary>One for a request, as soon as one is free and it is its client's turn; null when that is not within so
    /// long.</summary>
    public async Task<ServedPolicy?> TakeAsync(string client, TimeSpan wait, CancellationToken cancellation) =>
        await _places.TakeAsync(client, wait, cancellation) ? Take() : null;

    /// <summary>The client is gone.</summary>
    public void GiveBack(ServedPolicy policy)
    {
        lock (_gate)
            _free.Push(policy);
        _places.Release();
    }

    public void Dispose()
    {
        foreach (var policy in All)
            policy.Dispose();
    }

    private ServedPolicy Take()
    {
        try
        {
            lock (_gate)
            {
                if (_free.TryPop(out var free))
                    return free;
                var made = make();
                _all.Add(made);
                return made;
            }
        }
        catch
        {
            _places.Release();
            throw;
        }
    }
}
