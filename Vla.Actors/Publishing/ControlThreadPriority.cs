using System.Runtime.InteropServices;

namespace Vla.Actors.Publishing;

/// <summary>Gives the calling thread the best scheduling this process has the right to.</summary>
/// <remarks>
/// .NET's <see cref="Thread.Priority"/> does nothing on Linux, so there the kernel is asked: a nice value for this
/// thread alone (root, <c>CAP_SYS_NICE</c> or a nice limit), and on demand the real-time class <c>SCHED_FIFO</c>
/// (<c>CAP_SYS_NICE</c> or a real-time limit). The kernel may also delay a wake-up by up to 50 µs to gather timers
/// (timer slack); the control thread asks it not to.
/// </remarks>
internal static partial class ControlThreadPriority
{
    private const int SetTimerSlack = 29;
    private const int PriorityOfProcess = 0;
    private const int SchedFifo = 1;

    /// <summary>In the middle of SCHED_FIFO's 1…99: below the kernel's own time-critical threads.</summary>
    private const int RealTimePriority = 40;

    private static readonly int[] NiceValues = [-20, -10, -5];

    /// <returns>What was granted, for status: <c>real-time (SCHED_FIFO 40)</c>, <c>nice -20</c>, <c>normal (…)</c>.</returns>
    public static string Raise(bool realTime)
    {
        try
        {
            Thread.CurrentThread.Priority = ThreadPriority.Highest;
            return OperatingSystem.IsLinux() ? RaiseOnLinux(realTime) : "highest thread priority";
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return $"normal ({exception.Message})";
        }
    }

    private static string RaiseOnLinux(bool realTime)
    {
        _ = ProcessControl(SetTimerSlack, 1, 0, 0, 0);
        if (realTime && SetScheduler(0, SchedFifo, RealTimePriority) == 0)
            return $"real-time (SCHED_FIFO {RealTimePriority})";
        var refused = realTime ? "; real-time was refused, it needs CAP_SYS_NICE" : "";
        foreach (var nice in NiceValues)
        {
            // Thread 0 is the caller. Linux keeps a nice value for each thread, not for the process.
            if (SetPriority(PriorityOfProcess, 0, nice) == 0) return $"nice {nice}{refused}";
        }

        return realTime ? $"normal{refused}" : "normal (raising it needs CAP_SYS_NICE)";
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int nice);

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SetScheduler(int thread, int policy, in int priority);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);
}
