namespace Vla.Runtime.Hosting;

/// <summary>
/// What is done when the process dies of an exception or is ended from inside: the run's ending, a line, an exit code.
/// </summary>
/// <remarks>
/// Nothing can be said any more after a crash in native code, a stack overflow,
/// <see cref="Environment.FailFast(string)"/> or SIGKILL: a robot has to stop by itself when messages stay away.
/// </remarks>
internal static class LastWord
{
    private static Ending? _run;

    /// <summary>True while a run goes on or ends.</summary>
    public static bool IsRunning => Volatile.Read(ref _run) is not null;

    /// <summary>Where an error is said that ends nothing.</summary>
    public static Action<string> Say { get; set; } = Console.Error.WriteLine;

    /// <summary>Listens for the rest of the process's life; called once, by the program.</summary>
    public static void Watch()
    {
        AppDomain.CurrentDomain.UnhandledException += (_, e) => Die(e.ExceptionObject);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Exit(Environment.ExitCode);
        TaskScheduler.UnobservedTaskException += (_, e) =>
            Say($"an error that nobody waited for: {ExitCodes.Describe(e.Exception.GetBaseException())}");
    }

    /// <summary>From now on the process does not end without this.</summary>
    public static void Set(Ending run) => Volatile.Write(ref _run, run);

    public static void Clear(Ending run) => Interlocked.CompareExchange(ref _run, null, run);

    private static void Die(object? thrown)
    {
        var what = thrown is Exception exception ? ExitCodes.Describe(exception) : $"{thrown}";
        if (Volatile.Read(ref _run) is { } run)
            run.DieOf(what);
        TryWrite($"vla: {what}");
        ProcessEnd.Now(ExitCodes.Failure);
    }

    private static void Exit(int exitCode)
    {
        Volatile.Read(ref _run)?.EndNow("the process was told to exit from inside", exitCode);
        ProcessEnd.Now(exitCode);
    }

    /// <summary>Writes on standard error if that can be.</summary>
    public static void TryWrite(string line)
    {
        try
        {
            Console.Error.WriteLine(Journal.ErrorMark + line);
        }
        catch (IOException)
        {
            // Nobody can be told any more.
        }
    }
}
