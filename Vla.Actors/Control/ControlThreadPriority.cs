using System.Runtime.InteropServices;

namespace Vla.Actors.Control;

/// <summary>Gives the calling thread the best scheduling this process has the right to.</summary>
/// <remarks>
/// <para>
/// .NET's <see cref="Thread.Priority"/> does nothing on Linux, so there the kernel is asked: for the real-time class
/// <c>SCHED_FIFO</c> (root, <c>CAP_SYS_NICE</c> or a real-time limit), else for a nice value for this thread alone
/// (likewise, or a nice limit). The kernel may also delay a wake-up by up to 50 µs to gather timers (timer slack); the
/// control thread asks it not to. Threads that it starts have none of this: a worker of the thread pool may be one.
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
    private const int SchedOther = 0;
    private const int SchedFifo = 1;
    private const int ResetOnFork = 0x4000_0000;
    private const ulong FlagResetOnFork = 1;
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

    /// <summary>The kernel's number of the calling thread; 0 where it has none.</summary>
    public static int ThisThreadNumber
    {
        get
        {
            try
            {
                return OperatingSystem.IsLinux() ? GetThreadId() : 0;
            }
            catch (EntryPointNotFoundException)
            {
                return 0;
            }
        }
    }

    /// <summary>A thread that ticks no more has no right to go before others.</summary>
    /// <param name="thread">The kernel's number of it.</param>
    public static void Lower(int thread)
    {
        if (OperatingSystem.IsLinux() && thread > 0)
            _ = SetScheduler(thread, SchedOther, 0);
    }

    private static string RaiseOnLinux(bool realTime)
    {
        _ = ProcessControl(SetTimerSlack, 1, 0, 0, 0);
        if (realTime && SetScheduler(ThisThread, SchedFifo | ResetOnFork, RealTimePriority) == 0)
            return $"real-time (SCHED_FIFO {RealTimePriority})";
        var refused = realTime ? "; no right to real-time priority" : "";
        var slice = AskForShortSlice() ? ", slice 0.1 ms" : "";
        foreach (var nice in NiceValues)
        {
            // Thread 0 is the caller. Linux keeps a nice value for each thread, not for the process.
            if (SetPriority(PriorityOfProcess, ThisThread, nice) == 0)
                return $"nice {nice}{slice}{refused}";
        }

        return $"normal{slice} (raising it needs CAP_SYS_NICE or a limit)";
    }

    /// <summary>A kernel that knows no slices takes the call and does nothing.</summary>
    private static bool AskForShortSlice()
    {
        var attributes = new SchedulingAttributes
        {
            Size = (uint)Marshal.SizeOf<SchedulingAttributes>(),
            Flags = FlagResetOnFork,
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
    /// The kernel's <c>struct sched_attr</c>, first version; all zero but slice and flags is an ordinary thread's.
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

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetThreadId();

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int nice);

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SetScheduler(int thread, int policy, in int priority);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, nint thread, in SchedulingAttributes attributes, nint flags);
}
