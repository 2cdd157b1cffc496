using System.Diagnostics;

namespace Vla.Runtime.ServoSimulation;

/// <summary>A simulated bus on a pseudo-terminal: a program opens it as it would open an arm's port.</summary>
/// <remarks>A thread of its own hands over what is due. Its plug can be pulled and put in again.</remarks>
internal sealed class SimulatedLine : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(5);
    private const int LongestPlugMs = 1_000;

    private readonly SimulatedBus _bus;
    private readonly string? _link;
    private readonly Lock _turn = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Thread _thread;
    private readonly AutoResetEvent _plugged = new(false);
    private volatile bool _ends;
    private volatile bool _isIn = true;
    private volatile PseudoTerminal? _terminal;

    /// <param name="bus">Used under <see cref="Do"/> alone from now on.</param>
    /// <param name="link">A name that the line has in the file system whatever the system calls it; null for
    /// none.</param>
    /// <exception cref="IOException">The system gives no pseudo-terminal, or the link cannot be made.</exception>
    public SimulatedLine(SimulatedBus bus, string? link = null)
    {
        (_bus, _link) = (bus, link);
        PutIn();
        _thread = new Thread(Run) { Name = "vla-simulated-servos", IsBackground = true };
        _thread.Start();
    }

    /// <summary>What a program opens; empty while the plug is pulled.</summary>
    public string Name => _link ?? _terminal?.Name ?? "";

    public bool IsPlugged => _terminal is not null;

    /// <summary>Looks at, or changes, the bus.</summary>
    public T Do<T>(Func<SimulatedBus, T> act)
    {
        lock (_turn)
        {
            _bus.Pass(_clock.Elapsed.TotalSeconds);
            return act(_bus);
        }
    }

    /// <inheritdoc cref="Do{T}"/>
    public void Do(Action<SimulatedBus> act) =>
        Do(bus =>
        {
            act(bus);
            return true;
        });

    /// <summary>Pulls the USB plug; the servos keep their power.</summary>
    public void Unplug() => SetPlug(isIn: false);

    /// <summary>Puts it in again.</summary>
    public void Plug() => SetPlug(isIn: true);

    public void Dispose()
    {
        _ends = true;
        _thread.Join(LongestPlugMs);
        PullOut();
        _plugged.Dispose();
    }

    private void SetPlug(bool isIn)
    {
        if (_isIn == isIn)
            return;
        _plugged.Reset();
        _isIn = isIn;
        // By the thread that reads: it must not find another file under its handle.
        _plugged.WaitOne(LongestPlugMs);
    }

    private void PutIn()
    {
        var terminal = new PseudoTerminal();
        if (_link is not null)
        {
            // A link that an earlier simulator left; anything else is somebody's.
            if (new FileInfo(_link).LinkTarget is not null)
                File.Delete(_link);
            File.CreateSymbolicLink(_link, terminal.Name);
        }

        _terminal = terminal;
    }

    private void PullOut()
    {
        _bus.Clear();
        _terminal?.Dispose();
        _terminal = null;
        if (_link is not null)
            File.Delete(_link);
    }

    private void Run()
    {
        var bytes = new byte[512];
        while (!_ends)
        {
            TimeSpan wait;
            lock (_turn)
            {
                if (_isIn != IsPlugged)
                {
                    if (_isIn)
                        PutIn();
                    else
                        PullOut();
                    _plugged.Set();
                }

                var now = _clock.Elapsed.TotalSeconds;
                if (_terminal is not null && _bus.Receive(now) is { Length: > 0 } heard)
                    _terminal.Write(heard);
                else
                    _bus.Pass(now);
                var due = _bus.NextDue is { } next ? TimeSpan.FromSeconds(Math.Max(0, next - now)) : LongestWait;
                wait = due < LongestWait ? due : LongestWait;
            }

            if (_terminal is not { } terminal)
            {
                Thread.Sleep(LongestWait);
                continue;
            }

            var count = terminal.Read(bytes, wait);
            if (count == 0)
                continue;
            lock (_turn)
            {
                _bus.Baud = terminal.Baud;
                _bus.Send(bytes.AsSpan(0, count), _clock.Elapsed.TotalSeconds);
            }
        }
    }
}
