using Vla.Sensors;

namespace Vla.Actors.Scheduling;

/// <summary>The thread that a picture's way goes through: stages with little to do run on the vision encoder's.</summary>
/// <remarks>
/// <para>
/// What follows the encoder takes some 20 µs a stage; waking a sleeping thread for each takes several times as long, and
/// some milliseconds when the kernel is at work on its core. As guests of the encoder's thread they run when it has given
/// its result, before it begins with the next picture.
/// </para>
/// <para>
/// A stage that takes long stays on its own thread: it works at the same time as the encoder. An encoder that waits for a
/// device has no guests: they would wait with it.
/// </para>
/// </remarks>
public sealed class HomeThread
{
    private readonly Lock _gate = new();
    private readonly HashSet<StageThread> _followers = [];
    private StageThread? _leader;

    /// <summary>Says whose thread others may run on; null for none.</summary>
    internal void Lead(StageThread? leader)
    {
        if (leader == Volatile.Read(ref _leader)) return;
        lock (_gate)
        {
            Volatile.Write(ref _leader, leader);
            foreach (var follower in _followers) follower.BeGuestOf(leader);
        }
    }

    private void Add(StageThread follower)
    {
        lock (_gate)
        {
            _followers.Add(follower);
            follower.BeGuestOf(_leader);
        }
    }

    private void Remove(StageThread follower)
    {
        lock (_gate)
        {
            _followers.Remove(follower);
            follower.BeGuestOf(null);
        }
    }

    /// <summary>One actor's part in it; all calls are its own.</summary>
    internal sealed class Follower(HomeThread home, StageThread thread)
    {
        // Far apart, so that nothing goes to and fro.
        private const long LightNs = 300 * MonotonicTime.NsPerUs;
        private const long HeavyNs = 2 * LightNs;
        private const int Smoothing = 16;

        private long _averageNs;
        private bool _follows;

        /// <summary>Says how long a piece of work took: whether the actor follows depends on the average.</summary>
        public void Worked(long tookNs)
        {
            _averageNs += (tookNs - _averageNs) / Smoothing;
            if (_averageNs < LightNs) Follow();
            else if (_averageNs > HeavyNs) Leave();
        }

        /// <summary>Runs on the encoder's thread from now on.</summary>
        public void Follow()
        {
            if (_follows) return;
            _follows = true;
            home.Add(thread);
        }

        /// <summary>Runs on its own thread again. Must be called when the actor stops.</summary>
        public void Leave()
        {
            if (!_follows) return;
            _follows = false;
            home.Remove(thread);
        }
    }
}
