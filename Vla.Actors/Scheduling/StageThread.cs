using Akka.Dispatch;

namespace Vla.Actors.Scheduling;

/// <summary>A thread that runs what it is given, one after the other, and sleeps in between.</summary>
/// <remarks>
/// Not a <see cref="System.Collections.Concurrent.BlockingCollection{T}"/>: taking from that spins and gives way before
/// it sleeps, which is what a <see cref="StageDispatcher"/> must not do.
/// </remarks>
internal sealed class StageThread : ExecutorService
{
    private readonly object _gate = new();
    private readonly Queue<IRunnable> _work = new();
    private readonly Queue<IRunnable> _shared = new();
    private StageThread? _other;
    private bool _ends;

    /// <param name="id">The thread's name.</param>
    public StageThread(string id)
        : base(id)
    {
        new Thread(Run) { Name = id, IsBackground = true }.Start();
    }

    /// <exception cref="RejectedExecutionException">It has ended.</exception>
    public override void Execute(IRunnable run)
    {
        if (Volatile.Read(ref _other) is { } other && other.TryAdd(other._shared, run))
            return;
        if (!TryAdd(_work, run))
            throw new RejectedExecutionException("the stage's thread has ended");
    }

    /// <summary>
    /// From now on another thread runs what this one is given, before its own work and until it ends; null for this one
    /// again.
    /// </summary>
    public void RunOn(StageThread? other) => Volatile.Write(ref _other, other);

    /// <summary>Ends the thread after what it has been given.</summary>
    public override void Shutdown()
    {
        lock (_gate)
        {
            _ends = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        while (Next() is { } run)
            run.Run();
    }

    private IRunnable? Next()
    {
        lock (_gate)
        {
            while (true)
            {
                if (_shared.TryDequeue(out var shared))
                    return shared;
                if (_work.TryDequeue(out var work))
                    return work;
                if (_ends)
                    return null;
                Monitor.Wait(_gate);
            }
        }
    }

    private bool TryAdd(Queue<IRunnable> queue, IRunnable run)
    {
        lock (_gate)
        {
            if (_ends)
                return false;
            queue.Enqueue(run);
            Monitor.Pulse(_gate);
            return true;
        }
    }
}
