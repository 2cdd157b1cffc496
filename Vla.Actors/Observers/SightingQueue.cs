namespace Vla.Actors.Observers;

/// <summary>
/// Hands sightings from any thread to one: no lock, no waiting, no allocation; a full queue takes no more.
/// </summary>
/// <remarks>
/// After Dmitry Vyukov's bounded queue: each slot says by a number whether it is free for the next round or filled in
/// this one. Channels of .NET take a lock in which the control thread could wait for one of low priority.
/// </remarks>
internal sealed class SightingQueue
{
    // With a single slot, filled in one round and free for the next would be the same turn.
    private const int Least = 2;

    private readonly Slot[] _slots;
    private long _written;
    private long _read;
    private long _missed;

    /// <param name="capacity">How many fit, 2 at least.</param>
    public SightingQueue(int capacity)
    {
        _slots = new Slot[Math.Max(Least, capacity)];
        for (var i = 0; i < _slots.Length; i++)
            _slots[i].Turn = i;
    }

    /// <summary>Sightings that found it full.</summary>
    public long Missed => Interlocked.Read(ref _missed);

    /// <summary>Sightings that were put in.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Puts one in, from any thread.</summary>
    public void Add(in Sighting sighting)
    {
        while (true)
        {
            var place = Interlocked.Read(ref _written);
            ref var slot = ref _slots[place % _slots.Length];
            var ahead = Interlocked.Read(ref slot.Turn) - place;
            if (ahead == 0)
            {
                if (Interlocked.CompareExchange(ref _written, place + 1, place) != place)
                    continue;
                slot.Sighting = sighting;
                Interlocked.Exchange(ref slot.Turn, place + 1);
                return;
            }

            if (ahead < 0)
            {
                Interlocked.Increment(ref _missed);
                return;
            }
        }
    }

    /// <summary>Takes the oldest out; one thread at a time.</summary>
    public bool TryTake(out Sighting sighting)
    {
        ref var slot = ref _slots[_read % _slots.Length];
        if (Interlocked.Read(ref slot.Turn) != _read + 1)
        {
            sighting = default;
            return false;
        }

        sighting = slot.Sighting;
        slot.Sighting = default;
        Interlocked.Exchange(ref slot.Turn, _read + _slots.Length);
        _read++;
        return true;
    }

    private struct Slot
    {
        public long Turn;
        public Sighting Sighting;
    }
}
