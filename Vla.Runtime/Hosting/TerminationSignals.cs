using System.Runtime.InteropServices;

namespace Vla.Runtime.Hosting;

/// <summary>Takes every signal that would end the process, so that whatever runs can end in good order.</summary>
/// <remarks>
/// The first cancels <see cref="Token"/>. Further ones change nothing for a run, whose end is bounded in time
/// (<see cref="Ending"/>); any other command the third ends at once. SIGHUP stays ignored where it is already, under
/// nohup: .NET leaves it so. SIGINT and SIGQUIT are taken all the same: scripts start what they put into the background
/// with both ignored, and whoever sends one to a robot means it.
/// </remarks>
internal sealed partial class TerminationSignals : IDisposable
{
    /// <summary>Shells give 128 and the signal's number for a program that a signal has ended.</summary>
    private const int ExitCodeOffset = 128;

    private const int Interrupt = 2;
    private const int Quit = 3;
    private const nint DefaultHandler = 0;

    /// <summary>Of a command that is not done.</summary>
    private const int SignalsUntilEnd = 3;

    /// <summary>Linux's numbers, for what .NET has no name.</summary>
    private static readonly (int Number, string Name)[] Others =
    [
        (6, "SIGABRT"),
        (10, "SIGUSR1"),
        (12, "SIGUSR2"),
        (14, "SIGALRM"),
        (16, "SIGSTKFLT"),
        (24, "SIGXCPU"),
        (26, "SIGVTALRM"),
        (27, "SIGPROF"),
        (29, "SIGIO"),
        (30, "SIGPWR"),
    ];

    /// <summary>Those without a name; .NET needs the first one itself.</summary>
    private const int FirstRealTime = 35;
    private const int LastRealTime = 64;

    /// <summary>A file that may not grow (ulimit -f): the write fails, which is said; it is no reason to end.</summary>
    private const int FileSizeExceeded = 25;

    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly bool _atOnce;
    private int _count;

    /// <param name="atOnce">For a command that has nothing to save: the first signal ends the process.</param>
    public TerminationSignals(bool atOnce)
    {
        _atOnce = atOnce;
        if (!OperatingSystem.IsWindows())
        {
            _ = SetHandler(Interrupt, DefaultHandler);
            _ = SetHandler(Quit, DefaultHandler);
        }

        Take(PosixSignal.SIGINT, Interrupt, "SIGINT");
        Take(PosixSignal.SIGQUIT, Quit, "SIGQUIT");
        Take(PosixSignal.SIGTERM, 15, "SIGTERM");
        Take(PosixSignal.SIGHUP, 1, "SIGHUP");
        if (!OperatingSystem.IsLinux())
            return;
        foreach (var (number, name) in Others)
            Take((PosixSignal)number, number, name);
        for (var number = FirstRealTime; number <= LastRealTime; number++)
            Take((PosixSignal)number, number, $"SIGRTMIN+{number - FirstRealTime + 1}");
        _registrations.Add(
            PosixSignalRegistration.Create((PosixSignal)FileSizeExceeded, context => context.Cancel = true)
        );
    }

    /// <summary>The first signal that came, by name; null before.</summary>
    public static string? Received { get; private set; }

    /// <summary>Whether that one asks for an ending as after an error: systemd's watchdog sends SIGABRT.</summary>
    public static bool IsFailure => Received == "SIGABRT";

    /// <summary>Cancelled by the first signal, on a thread that may take its time.</summary>
    public CancellationToken Token => _ended.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _ended.Dispose();
    }

    private void Take(PosixSignal signal, int number, string name) =>
        _registrations.Add(
            PosixSignalRegistration.Create(
                signal,
                context =>
                {
                    context.Cancel = true;
                    Handle(number, name);
                }
            )
        );

    private void Handle(int number, string name)
    {
        var count = Interlocked.Increment(ref _count);
        if (_atOnce || (count >= SignalsUntilEnd && !LastWord.IsRunning))
            ProcessEnd.Now(ExitCodeOffset + number);
        if (count > 1)
            return;
        Received = name;
        _ended.Cancel();
    }

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);
}
