namespace Vla.Actors.Scheduling;

/// <summary>Threads that share another one's work: they keep off the core that it is on.</summary>
/// <remarks>
/// Where the kernel knows of no cache that cores share, as in many virtual machines, it may wake two threads on one
/// core and leave the next one idle, and does not mend that within milliseconds.
/// </remarks>
internal sealed class HelperThreads
{
    private readonly Lock _gate = new();
    private readonly HashSet<int> _threads = [];
    private int _core = -1;

    /// <param name="thread">As <see cref="Cores.ThisThread"/>.</param>
    public void Add(int thread)
    {
        lock (_gate)
        {
            _threads.Add(thread);
            if (_core >= 0)
                Cores.KeepOff(thread, _core);
        }
    }

    /// <summary>Must be called before the thread ends: its number may become another's.</summary>
    public void Remove(int thread)
    {
        lock (_gate)
            _threads.Remove(thread);
    }

    /// <summary>
    /// Called by the thread that they help, often: costs next to nothing as long as it stays where it is.
    /// </summary>
    public void KeepOffThisCore()
    {
        var core = Cores.Current;
        if (core == Volatile.Read(ref _core))
            return;
        lock (_gate)
        {
            Volatile.Write(ref _core, core);
            foreach (var thread in _threads)
                Cores.KeepOff(thread, core);
        }
    }
}
