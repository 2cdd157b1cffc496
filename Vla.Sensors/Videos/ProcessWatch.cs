using System.Diagnostics;

namespace Vla.Sensors.Videos;

/// <summary>Ends a process that takes too long, or that is still there when this one ends.</summary>
/// <remarks>
/// A read from a pipe cannot be given a limit; ending the process ends the read. A killed parent leaves a decoder
/// nobody to write to, and an encoder nothing to read: both end by themselves then.
/// </remarks>
internal sealed class ProcessWatch : IDisposable
{
    private readonly Process _process;
    private readonly Timer _timer;
    private int _expired;

    public ProcessWatch(Process process)
    {
        _process = process;
        _timer = new Timer(_ => Expire());
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    /// <summary>True when it was ended since it took too long.</summary>
    public bool HasExpired => Volatile.Read(ref _expired) != 0;

    /// <summary>From now on it has so long, until <see cref="Rest"/>.</summary>
    public void Expect(TimeSpan limit) => _timer.Change(limit, Timeout.InfiniteTimeSpan);

    /// <summary>It has all the time in the world.</summary>
    public void Rest() => _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (Exception exception)
            when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended by itself.
        }
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        _timer.Dispose();
        Kill();
    }

    private void OnExit(object? sender, EventArgs e) => Kill();

    private void Expire()
    {
        Volatile.Write(ref _expired, 1);
        Kill();
    }
}
