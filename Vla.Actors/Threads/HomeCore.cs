using Vla.Sensors;

namespace Vla.Actors.Threads;

/// <summary>The core that a picture's way goes through: threads with little to do stay where the vision encoder's is.</summary>
/// <remarks>
/// <para>
/// What follows the encoder takes some 20 µs a stage, and waking a sleeping core for it takes several times as long. Worse,
/// a thread that is woken on the core it was on last waits there for whatever runs, some milliseconds if it is the kernel.
/// On the core of the thread that has just given it its work neither happens: it begins when that thread goes to sleep.
/// </para>
/// <para>
/// The encoder's own thread goes where the kernel puts it, the others are moved after it. A stage that takes long is left
/// free: it would share one core with the encoder instead of working at the same time.
/// </para>
/// </remarks>
public sealed class HomeCore
{
    private readonly Lock _gate = new();
    private readonly HashSet<int> _followers = [];
    private int _core = -1;
    private int _lastCore = -1;

    /// <summary>Called by the encoder's thread before each picture: the others come where it is, once it stays there.</summary>
    internal void Lead()
    {
        // One that sleeps in between may wake on another core each time: moving the others after it costs more than it gains.
        var (core, lastCore) = (Cores.Current, _lastCore);
        _lastCore = core;
        if (core == _core || core != lastCore) return;

        lock (_gate)
        {
            _core = core;
            foreach (var follower in _followers) Cores.Bind(follower, core);
        }
    }

    /// <summary>For a thread that may follow.</summary>
    internal Follower NewFollower() => new(this);

    private void Add(int thread)
    {
        lock (_gate)
        {
            if (_followers.Add(thread) && _core >= 0) Cores.Bind(thread, _core);
        }
    }

    private void Remove(int thread)
    {
        lock (_gate)
        {
            if (_followers.Remove(thread)) Cores.Free(thread);
        }
    }

    /// <summary>One thread's part in it; all calls are its own.</summary>
    internal sealed class Follower(HomeCore home)
    {
        // Far apart, so that nothing goes to and fro.
        private const long LightNs = 300 * MonotonicTime.NsPerUs;
        private const long HeavyNs = 2 * LightNs;
        private const int Smoothing = 16;

        private long _averageNs;
        private bool _follows;

        /// <summary>Says how long a piece of work took: whether the thread follows depends on the average.</summary>
        public void Worked(long tookNs)
        {
            _averageNs += (tookNs - _averageNs) / Smoothing;
            if (_averageNs < LightNs) Follow();
            else if (_averageNs > HeavyNs) Leave();
        }

        /// <summary>Stays with the encoder from now on.</summary>
        public void Follow()
        {
            if (_follows || !Cores.AreSeveral) return;
            _follows = true;
            home.Add(Cores.ThisThread);
        }

        /// <summary>Runs anywhere again. Must be called before the thread ends: its number may become another's.</summary>
        public void Leave()
        {
            if (!_follows) return;
            _follows = false;
            home.Remove(Cores.ThisThread);
        }
    }
}
