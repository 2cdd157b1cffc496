namespace Vla.Tests.Actors.Scheduling;

/// <summary>A thread of its own that does what it is given and waits in between.</summary>
internal sealed class WorkThread : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _given = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private readonly Thread _thread;
    private Action? _work;
    private Exception? _failure;

    public WorkThread()
    {
        _thread = new Thread(Loop) { IsBackground = true };
        _thread.Start();
    }

    public void Run(Action work)
    {
        _work = work;
        _given.Release();
        if (!_done.Wait(Patience))
            throw new TimeoutException("the work did not come to an end");
        if (_failure is { } failure)
            throw new InvalidOperationException(failure.Message, failure);
    }

    public T Run<T>(Func<T> work)
    {
        T result = default!;
        Run(() =>
        {
            result = work();
        });
        return result;
    }

    public void Dispose()
    {
        _work = null;
        _given.Release();
        if (!_thread.Join(Patience))
            throw new TimeoutException("the thread did not come to an end");
        _given.Dispose();
        _done.Dispose();
    }

    private void Loop()
    {
        while (true)
        {
            _given.Wait();
            if (_work is not { } work)
                return;
            try
            {
                work();
            }
            catch (Exception exception)
            {
                _failure = exception;
            }

            _done.Release();
        }
    }
}
