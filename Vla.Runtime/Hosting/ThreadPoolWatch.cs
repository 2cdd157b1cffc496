using Microsoft.Extensions.Logging.Abstractions;

namespace Vla.Runtime.Hosting;

/// <summary>
/// Keeps the thread pool answering when whatever was given to it blocks: signals, timers and HTTP, a stop too, need it.
/// </summary>
/// <remarks>
/// .NET adds one thread in half a second to a pool whose threads are all blocked: with 500 pieces of work that block,
/// SIGHUP and a timer were 378 s late. This gives the pool a piece of work of its own twice a second, from a thread
/// that is not the pool's, and lets it have more threads for as long as that is not done.
/// </remarks>
internal sealed partial class ThreadPoolWatch : IDisposable
{
    private const int MoreThreads = 32;
    private const int MostThreads = 2_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    private readonly ManualResetEventSlim _ends = new(false);
    private readonly AutoResetEvent _done = new(false);
    private bool _said;

    /// <summary>Where it is said, once, that the pool was exhausted.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    public void Start() => new Thread(Run) { Name = "vla-pool", IsBackground = true }.Start();

    /// <summary>Ends the watching; does not wait for it.</summary>
    public void Dispose() => _ends.Set();

    /// <summary>Gives the pool a piece of work and waits until it is done, with more threads if need be.</summary>
    internal void Look()
    {
        ThreadPool.UnsafeQueueUserWorkItem(static done => done.Set(), _done, preferLocal: false);
        while (!_done.WaitOne(Glance) && !_ends.IsSet)
        {
            ThreadPool.GetMinThreads(out _, out var ports);
            var threads = ThreadPool.ThreadCount + MoreThreads;
            if (threads > MostThreads || !ThreadPool.SetMinThreads(threads, ports) || _said)
                continue;
            _said = true;
            Log.Exhausted(Logger, ThreadPool.ThreadCount);
        }
    }

    private void Run()
    {
        while (!_ends.Wait(Interval))
            Look();
    }

    private static partial class Log
    {
        [LoggerMessage(88, LogLevel.Warning, "all {Threads} threads of the pool are busy or blocked; it is given more")]
        public static partial void Exhausted(ILogger logger, int threads);
    }
}
