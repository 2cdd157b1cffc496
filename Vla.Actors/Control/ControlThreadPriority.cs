using System.Runtime.InteropServices;

namespace Vla.Actors.Control;

/// <summary>Gives the calling thread the best scheduling this process has the right to.</summary>
/// <remarks>
/// <para>
/// .NET's <see cref="Thread.Priority"/> does nothing on Linux, so there the kernel is asked: a nice value for this
/// thread alone (root, <c>CAP_SYS_NICE</c> or a nice limit), and on demand the real-time class <c>SCHED_FIFO</c>
/// (<c>CAP_SYS_NICE</c> or a real-time limit). The kernel may also delay a wake-up by up to 50 µs to gather timers
/// (timer slack); the control thread asks it not to.
/// </para>
/// <para>
/// Since Linux 6.6 a thread that wakes up waits for the running one to use up its slice, nice value or not: some
/// milliseconds. From 6.12 on, one that asks for a shorter slice itself goes before; that needs no rights. A nice value
/// counts only among the threads of one session where the kernel groups sessions (autogroup). Above all that is the
/// real-time class.
/// </para>
/// </remarks>
internal static partial class ControlThreadPriority
{
    private const int SetTimerSlack = 29;
    private const int PriorityOfProcess = 0;
    private const int SchedFifo = 1;
    private const int ThisThread = 0;

    /// <summary>The shortest slice the kernel grants, 0.1 ms: longer than a tick's work.</summary>
    private const ulong SliceNs = 100_000;

    /// <summary>In the middle of SCHED_FIFO's 1…99: below the kernel's own time-critical threads.</summary>
    private const int RealTimePriority = 40;

    private static readonly int[] NiceValues = [-20, -10, -5];

    /// <returns>What was granted, for status: <c>real-time (SCHED_FIFO 40)</c>, <c>nice -20</c>, <c>normal
    /// (…)</c>.</returns>
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
        if (realTime && SetScheduler(ThisThread, SchedFifo, RealTimePriority) == 0)
            return $"real-time (SCHED_FIFO {RealTimePriority})";
        var refused = realTime ? "; real-time was refused, it needs CAP_SYS_NICE" : "";
        var slice = AskForShortSlice() ? ", slice 0.1 ms" : "";
        foreach (var nice in NiceValues)
        {
            // Thread 0 is the caller. Linux keeps a nice value for each thread, not for the process.
            if (SetPriority(PriorityOfProcess, ThisThread, nice) == 0)
                return $"nice {nice}{slice}{refused}";
        }

        return realTime ? $"normal{slice}{refused}" : $"normal{slice} (raising it needs CAP_SYS_NICE)";
    }

    /// <summary>A kernel that knows no slices takes the call and does nothing.</summary>
    private static bool AskForShortSlice()
    {
        var attributes = new SchedulingAttributes
        {
            Size = (uint)Marshal.SizeOf<SchedulingAttributes>(),
            RuntimeNs = SliceNs,
        };
        return SetAttributeCall is { } call && SystemCall(call, ThisThread, in attributes, 0) == 0;
    }

    /// <summary>
    /// The number of <c>sched_setattr</c>, which libc has no function for; null where it is not known.
    /// </summary>
    private static nint? SetAttributeCall =>
        RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 314,
            Architecture.Arm64 => 274,
            _ => null,
        };

    /// <summary>
    /// The kernel's <c>struct sched_attr</c>, first version; all zero but the slice is an ordinary thread's.
    /// </summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SchedulingAttributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong RuntimeNs;
        public ulong DeadlineNs;
        public ulong PeriodNs;
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int nice);

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SetScheduler(int thread, int policy, in int priority);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, nint thread, in SchedulingAttributes attributes, nint flags);
}
