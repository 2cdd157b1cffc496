using System.Runtime.ExceptionServices;
using Vla.Actors.Scheduling;

namespace Vla.Actors.Policies.Staged.Kernels;

/// <summary>Work that falls into rows, each of which can be done on any thread at any time.</summary>
internal interface IRowWork
{
    int Rows { get; }

    void Do(int row);
}

/// <summary>Threads that do the rows of a piece of work together: whoever is free takes the next one.</summary>
/// <remarks>
/// <para>
/// Made for work that comes in steps of a millisecond, many times a second, next to other threads that want the same
/// cores. With a fixed share for each thread, as OpenMP has it, all wait at every step for the one that has just lost
/// its core; here the others go on with its rows. <see cref="Parallel"/> shares out likewise, but allocates a kilobyte
/// each time.
/// </para>
/// <para>
/// The calling thread is one of the team; one thread calls at a time. The others wait for the next step awake for a
/// moment, then asleep, on other cores than the caller's.
/// </para>
/// </remarks>
internal sealed class RowTeam : IDisposable
{
    // Some 100 µs: longer than a row takes, much shorter than the pause between two pictures of a camera.
    private const int RoundsAwake = 150;
    private const int SpinsOfRound = 20;
    private const int BitsOfRows = 32;

    private readonly object _gate = new();
    private readonly HelperThreads _helpers = new();
    private IRowWork? _work;
    private ExceptionDispatchInfo? _failure;
    private int _done;
    private int _sleeping;
    private bool _ended;

    // The number of the step above, how many of its rows nobody has taken yet below. In one value, so that a row is
    // taken of the step that it was seen in or not at all.
    private long _open;

    /// <param name="threads">With the calling one; 1 or more.</param>
    public RowTeam(int threads)
    {
        for (var i = 1; i < threads; i++)
            new Thread(Help) { Name = "vla-rows", IsBackground = true }.Start();
    }

    /// <summary>How many of the others sleep at the moment.</summary>
    public int Sleeping => Volatile.Read(ref _sleeping);

    /// <summary>Wakes the others for a <see cref="Run"/> that comes at once: they have some way to go.</summary>
    public void Wake()
    {
        _helpers.KeepOffThisCore();
        if (Sleeping == 0)
            return;
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    /// <summary>
    /// Does all rows; returns when the last one is done. What one of them throws is thrown here, after the others.
    /// </summary>
    public void Run(IRowWork work)
    {
        var rows = work.Rows;
        _work = work;
        _done = 0;
        Interlocked.Exchange(ref _open, (((_open >> BitsOfRows) + 1) << BitsOfRows) | (uint)rows);
        Wake();
        while (TryDoRow()) { }

        // Awake: the last rows are nearly done. Should their threads be waiting for this one's core, it gives way to
        // them.
        for (var rounds = 0; Volatile.Read(ref _done) < rows; )
        {
            if (++rounds < RoundsAwake)
                Thread.SpinWait(SpinsOfRound);
            else
                Thread.Yield();
        }

        Interlocked.Exchange(ref _failure, null)?.Throw();
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            Volatile.Write(ref _ended, true);
            Monitor.PulseAll(_gate);
        }
    }

    private bool HasOpenRows => (uint)Volatile.Read(ref _open) > 0;

    private void Help()
    {
        _helpers.Add(Cores.ThisThread);
        for (var rounds = 0; !Volatile.Read(ref _ended); )
        {
            if (TryDoRow())
                rounds = 0;
            else if (++rounds < RoundsAwake)
                Thread.SpinWait(SpinsOfRound);
            else
            {
                Sleep();
                rounds = 0;
            }
        }

        _helpers.Remove(Cores.ThisThread);
    }

    private void Sleep()
    {
        lock (_gate)
        {
            // Said first, looked second: whoever opens a step does it the other way round, so one of the two sees the
            // other.
            Interlocked.Increment(ref _sleeping);
            if (!HasOpenRows && !_ended)
                Monitor.Wait(_gate);
            Interlocked.Decrement(ref _sleeping);
        }
    }

    private bool TryDoRow()
    {
        while (true)
        {
            var open = Volatile.Read(ref _open);
            var left = (uint)open;
            if (left == 0)
                return false;
            if (Interlocked.CompareExchange(ref _open, open - 1, open) != open)
                continue;

            var work = _work!;
            try
            {
                work.Do(work.Rows - (int)left);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
            }

            Interlocked.Increment(ref _done);
            return true;
        }
    }
}
