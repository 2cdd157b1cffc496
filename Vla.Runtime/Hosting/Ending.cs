using Vla.Actors.Control;
using Vla.Actors.Robots;

namespace Vla.Runtime.Hosting;

/// <summary>
/// Ends a run, whatever ends it: a stop on every output first, then host and recording, each within a bound.
/// </summary>
/// <remarks>
/// Whoever ends the run says so here (a signal, the set duration, a hanging stage, an exception); the first one's
/// reason and exit code count. The stop needs no other thread. A thread of its own then sees to it that the process
/// ends, whatever hangs: what is left in native code cannot be ended otherwise.
/// </remarks>
internal sealed class Ending : IDisposable
{
    /// <summary>How long actors and connections may take to end.</summary>
    public static readonly TimeSpan HostBound = TimeSpan.FromSeconds(8);

    /// <summary>
    /// How long a recording may take to be saved. systemd must wait longer than both (TimeoutStopSec).
    /// </summary>
    public static readonly TimeSpan SavingBound = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    private readonly ControlLoop _control;
    private readonly Func<TimeSpan, bool> _save;
    private readonly Action<int>? _endProcess;
    private readonly TimeSpan _hostBound;
    private readonly ManualResetEventSlim _over = new(false);
    private readonly ManualResetEventSlim _stopSaid = new(false);
    private int _begun;
    private volatile string? _reason;

    /// <param name="control">Says stop; started by then or not.</param>
    /// <param name="save">Waits so long for what is to be saved; false when that was not enough.</param>
    /// <param name="endProcess">Ends the process with an exit code; null where there are others in it.</param>
    /// <param name="hostBound">Instead of <see cref="HostBound"/>.</param>
    public Ending(ControlLoop control, Func<TimeSpan, bool> save, Action<int>? endProcess, TimeSpan? hostBound = null)
    {
        (_control, _save, _endProcess) = (control, save, endProcess);
        _hostBound = hostBound ?? HostBound;
        LastWord.Set(this);
    }

    /// <summary>Ends actors and connections; called once the stop is out.</summary>
    public Action StopHost { get; set; } = () => { };

    /// <summary>Where it is said what could not be done.</summary>
    public Action<string> Say { get; set; } = Console.Error.WriteLine;

    public bool HasBegun => Volatile.Read(ref _begun) != 0;

    /// <summary>Why the run ends; null before.</summary>
    public string? Reason => _reason;

    public int ExitCode { get; private set; }

    /// <summary>
    /// Says stop on every output and begins to end the run. From any thread; returns within a second.
    /// </summary>
    /// <param name="reason">The last message's.</param>
    /// <param name="exitCode">The process's.</param>
    /// <param name="hostEnds">False when it is known that the host cannot end.</param>
    /// <returns>False when somebody else was first; then the stop is out already.</returns>
    public bool Begin(string reason, int exitCode, bool hostEnds = true)
    {
        if (!SayStop(reason, exitCode, hostEnds ? _hostBound : TimeSpan.Zero))
            return false;
        if (hostEnds || _endProcess is null)
            Try(StopHost);
        return true;
    }

    /// <summary>
    /// Gives up a run that could not start: nothing is said, and what cannot be closed again ends with the process.
    /// </summary>
    public void Abandon(string reason, int exitCode)
    {
        if (Interlocked.Exchange(ref _begun, 1) != 0)
            return;
        ExitCode = exitCode;
        _reason = reason;
        StartGuard(_hostBound);
        Try(() => _control.Shutdown(reason));
        _stopSaid.Set();
    }

    /// <summary>Says stop and saves; then whoever called ends the process.</summary>
    public void EndNow(string reason, int exitCode)
    {
        SayStop(reason, exitCode, _hostBound);
        Save();
    }

    /// <summary>The same for an exception that nobody caught.</summary>
    public void DieOf(string what)
    {
        EndNow($"fatal error: {what}", ExitCodes.Failure);
        // The line that follows is to stand below the live view, not in it.
        Try(LeaveScreen);
    }

    /// <summary>Gives the terminal back.</summary>
    public Action LeaveScreen { get; set; } = () => { };

    /// <summary>Waits until what is to be saved is saved, or for too long.</summary>
    public void Save()
    {
        if (!_save(SavingBound))
            Try(() =>
                Say($"the recording was not saved within {SavingBound.TotalSeconds:0} s; its last episode is lost")
            );
    }

    /// <summary>All is done.</summary>
    public void Dispose()
    {
        _over.Set();
        LastWord.Clear(this);
    }

    private bool SayStop(string reason, int exitCode, TimeSpan hostBound)
    {
        if (Interlocked.Exchange(ref _begun, 1) != 0)
        {
            _stopSaid.Wait(StopBound);
            return false;
        }

        ExitCode = exitCode;
        _reason = reason;
        StartGuard(hostBound);
        Try(() => _control.Shutdown(reason));
        _stopSaid.Set();
        var ended = _control.Snapshot();
        foreach (var output in ended.Outputs.Where(output => !output.Finished || output.Failing))
            SayUnheard(output, ended.Published);
        return true;
    }

    private void StartGuard(TimeSpan hostBound)
    {
        if (_endProcess is not { } endProcess)
            return;
        try
        {
            new Thread(() => Guard(hostBound, endProcess)) { Name = "vla-ending", IsBackground = true }.Start();
        }
        catch (OutOfMemoryException)
        {
            // Without a thread to be had the stop is what matters.
        }
    }

    private void Guard(TimeSpan hostBound, Action<int> endProcess)
    {
        _stopSaid.Wait(StopBound);
        if (_over.Wait(hostBound))
            return;
        Save();
        if (_over.Wait(hostBound < Rest ? hostBound : Rest))
            return;
        Try(LeaveScreen);
        LastWord.TryWrite(
            ExitCode == 0 ? "vla: something did not end in time; the process is ended now" : $"vla: {_reason}"
        );
        endProcess(ExitCode);
    }

    private void SayUnheard(OutputSnapshot output, long last) =>
        Try(() =>
            Say(
                (output.Finished, output.NewestTaken >= last) switch
                {
                    (true, true) => $"output {output.Name} has taken the last message, and fails: {output.LastError}",
                    (true, false) => $"output {output.Name} failed at the last message, a stop: {output.LastError}",
                    (false, true) => $"output {output.Name} cannot be closed: it hangs",
                    (false, false) => $"output {output.Name} hangs and has not taken the last message, a stop",
                }
            )
        );

    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception)
        {
            // The ending goes on: a lost terminal or a part that is gone already must not keep it from that.
        }
    }
}

/// <summary>A run that had to end; the message says why.</summary>
/// <param name="message">For the user, in one line.</param>
/// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
internal sealed class RunEndedException(string message, int exitCode) : CommandException(message, exitCode);
