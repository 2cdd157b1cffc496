namespace Vla.Actors.Scheduling;

/// <summary>The thread that actors with little to do share with one that has much: the vision encoder's.</summary>
/// <remarks>
/// What follows the encoder takes some 20 µs a stage; waking a sleeping thread for each takes several times as long,
/// and some milliseconds when the kernel is at work on its core. On the encoder's thread they run when it has given its
/// result, before it begins with the next picture.
/// </remarks>
internal sealed class SharedThread
{
    private readonly Lock _gate = new();
    private readonly HashSet<StageThread> _sharing = [];
    private StageThread? _lent;

    /// <summary>Says which thread is shared from now on; null for none.</summary>
    public void Lend(StageThread? thread)
    {
        if (thread == Volatile.Read(ref _lent))
            return;
        lock (_gate)
        {
            Volatile.Write(ref _lent, thread);
            foreach (var sharing in _sharing)
                sharing.RunOn(thread);
        }
    }

    /// <summary>From now on the shared thread runs what this one is given.</summary>
    public void Add(StageThread thread)
    {
        lock (_gate)
        {
            _sharing.Add(thread);
            thread.RunOn(_lent);
        }
    }

    /// <summary>From now on it runs by itself what it is given.</summary>
    public void Remove(StageThread thread)
    {
        lock (_gate)
        {
            _sharing.Remove(thread);
            thread.RunOn(null);
        }
    }
}
