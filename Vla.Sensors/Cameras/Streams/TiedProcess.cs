using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace Vla.Sensors.Cameras.Streams;

/// <summary>
/// Starts programs that end with this process, however it ends: also when it is killed and can do nothing any more.
/// </summary>
/// <remarks>
/// Linux can send a process a signal when its parent dies. <c>setpriv</c>, of the same package as <c>mount</c>, asks
/// for it; where it is missing the program is started plainly. The parent that counts is the thread that started the
/// program: so one thread starts them all and never ends.
/// </remarks>
internal static class TiedProcess
{
    private static readonly BlockingCollection<Action> Starts = [];
    private static readonly Lazy<Thread> Starter = new(() =>
    {
        var thread = new Thread(() =>
        {
            foreach (var start in Starts.GetConsumingEnumerable())
                start();
        })
        {
            Name = "process-starter",
            IsBackground = true,
        };
        thread.Start();
        return thread;
    });

    /// <summary>Starts a program with its output and errors redirected and nothing on its standard input.</summary>
    /// <param name="program">Its name, found by <c>PATH</c>.</param>
    /// <param name="arguments">Given as they are.</param>
    /// <exception cref="Win32Exception">There is no such program, or it cannot be started.</exception>
    public static Process Start(string program, IReadOnlyList<string> arguments)
    {
        var found = FindInPath(program) ?? throw new Win32Exception(2, $"there is no program {program}");
        var tie = OperatingSystem.IsLinux() ? FindInPath("setpriv") : null;
        var start = tie is null
            ? new ProcessStartInfo(found, arguments)
            : new ProcessStartInfo(tie, ["--pdeathsig", "KILL", "--", found, .. arguments]);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;

        _ = Starter.Value;
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception exception)
            {
                started.SetException(exception);
            }
        });
        var process = started.Task.GetAwaiter().GetResult();
        process.StandardInput.Close();
        return process;
    }

    private static string? FindInPath(string program)
    {
        var suffix = OperatingSystem.IsWindows() ? ".exe" : "";
        foreach (
            var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
                Path.PathSeparator,
                StringSplitOptions.RemoveEmptyEntries
            )
        )
        {
            var path = Path.Combine(folder, program + suffix);
            if (File.Exists(path))
                return path;
        }

        return null;
    }
}
