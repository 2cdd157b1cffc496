using Akka.Dispatch;

namespace Vla.Actors.Stages;

/// <summary>A thread that runs what it is given, one after the other, and sleeps in between.</summary>
/// <remarks>
/// Not a <see cref="System.Collections.Concurrent.BlockingCollection{T}"/>: taking from that spins and gives way before it
/// sleeps, which is what a <see cref="StageDispatcher"/> must not do.
/// </remarks>
internal sealed class StageThread : ExecutorService
{
    private readonly object _gate = new();
    private readonly Queue<IRunnable> _work = new();
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
        lock (_gate)
        {
            if (_ends) throw new RejectedExecutionException("the stage's thread has ended");
            _work.Enqueue(run);
            Monitor.Pulse(_gate);
        }
    }

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
        while (Next() is { } run) run.Run();
    }

    private IRunnable? Next()
    {
        lock (_gate)
        {
            while (_work.Count == 0)
            {
                if (_ends) return null;
                Monitor.Wait(_gate);
            }

            return _work.Dequeue();
        }
    }
}
