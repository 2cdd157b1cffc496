using System.ComponentModel;
using System.Runtime.InteropServices;
using Vla.Actors.Scheduling;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>Waits for absolute deadlines on the machine's monotonic clock.</summary>
/// <remarks>
/// On Linux the kernel does the waiting: <c>clock_nanosleep</c> with an absolute deadline, so neither the time between
/// reading the clock and falling asleep nor a signal on the way moves the deadline. A thread that was asleep wakes up
/// late, by 0.1 ms and more: so it is woken a little early (<see cref="AwakeNs"/>) and waits the rest awake. Elsewhere
/// the thread sleeps to shortly before the deadline and spins through the rest, which is as exact but keeps a core busy
/// meanwhile: the last 2 ms of each period, 16 ms on Windows, whose sleep is that coarse.
/// </remarks>
internal sealed partial class ControlClock : IControlClock
{
    private const int ClockMonotonic = 1;
    private const int ClockBoottime = 7;
    private const int TimerAbsolute = 1;
    private const int Interrupted = 4;

    /// <summary>A hundredth of the wait is the most that waiting awake may cost, of one core.</summary>
    private const int AwakeShare = 100;

    private const long LongestAwakeNs = 200 * MonotonicTime.NsPerUs;

    private static readonly long SpinNs = (OperatingSystem.IsWindows() ? 16 : 2) * MonotonicTime.NsPerMs;

    private readonly TimeProvider _time = TimeProvider.System;

    public long NowNs => _time.NowNs();

    /// <summary>
    /// On Linux what CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC; Windows counts sleep in the clock itself.
    /// </summary>
    /// <remarks>A pause between the two readings counts as sleep, and as an absence it would count anyway.</remarks>
    public long SleptNs =>
        OperatingSystem.IsLinux()
        && GetTime(ClockMonotonic, out var awake) == 0
        && GetTime(ClockBoottime, out var all) == 0
            ? all.Ns - awake.Ns
            : 0;

    public void WaitUntil(long deadlineNs)
    {
        if (OperatingSystem.IsLinux())
        {
            WaitInKernel(deadlineNs - AwakeNs(deadlineNs - NowNs));
            while (NowNs < deadlineNs)
                Thread.SpinWait(5);
        }
        else
        {
            SleepThenSpin(deadlineNs);
        }
    }

    /// <summary>How much of a wait in the kernel is left for waiting awake, nanoseconds.</summary>
    internal static long AwakeNs(long waitNs) => Math.Clamp(waitNs / AwakeShare, 0, LongestAwakeNs);

    private static void WaitInKernel(long deadlineNs)
    {
        var deadline = new TimeSpec { Ns = deadlineNs };
        int error;
        do error = ClockNanosleep(ClockMonotonic, TimerAbsolute, in deadline, 0);
        while (error == Interrupted);
        if (error != 0)
            throw new Win32Exception(error, $"clock_nanosleep failed with error {error}");
    }

    private void SleepThenSpin(long deadlineNs)
    {
        var sleepNs = deadlineNs - NowNs - SpinNs;
        if (sleepNs > 0)
            Thread.Sleep((int)Math.Min(sleepNs / MonotonicTime.NsPerMs, int.MaxValue));
        while (NowNs < deadlineNs)
            Thread.SpinWait(20);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int ClockNanosleep(int clock, int flags, in TimeSpec deadline, nint remaining);
}
