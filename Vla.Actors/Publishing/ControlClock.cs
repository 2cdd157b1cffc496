using System.ComponentModel;
using System.Runtime.InteropServices;
using Vla.Actors.Threads;
using Vla.Sensors;

namespace Vla.Actors.Publishing;

/// <summary>Waits for absolute deadlines on the machine's monotonic clock.</summary>
/// <remarks>
/// On Linux the kernel does the waiting: <c>clock_nanosleep</c> with an absolute deadline, so neither the time between
/// reading the clock and falling asleep nor a signal on the way moves the deadline. Elsewhere the thread sleeps to
/// shortly before the deadline and spins through the rest, which is as exact but keeps a core busy meanwhile: the last
/// 2 ms of each period, 16 ms on Windows, whose sleep is that coarse.
/// </remarks>
public sealed partial class ControlClock : IControlClock
{
    private const int ClockMonotonic = 1;
    private const int TimerAbsolute = 1;
    private const int Interrupted = 4;

    private static readonly long SpinNs = (OperatingSystem.IsWindows() ? 16 : 2) * MonotonicTime.NsPerMs;

    private readonly TimeProvider _time = TimeProvider.System;

    public long NowNs => _time.NowNs();

    public void WaitUntil(long deadlineNs)
    {
        if (OperatingSystem.IsLinux()) WaitInKernel(deadlineNs);
        else SleepThenSpin(deadlineNs);
    }

    private static void WaitInKernel(long deadlineNs)
    {
        var deadline = new TimeSpec { Ns = deadlineNs };
        int error;
        do error = ClockNanosleep(ClockMonotonic, TimerAbsolute, in deadline, 0);
        while (error == Interrupted);
        if (error != 0) throw new Win32Exception(error, $"clock_nanosleep failed with error {error}");
    }

    private void SleepThenSpin(long deadlineNs)
    {
        var sleepNs = deadlineNs - NowNs - SpinNs;
        if (sleepNs > 0) Thread.Sleep((int)Math.Min(sleepNs / MonotonicTime.NsPerMs, int.MaxValue));
        while (NowNs < deadlineNs) Thread.SpinWait(20);
    }

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int ClockNanosleep(int clock, int flags, in TimeSpec deadline, nint remaining);
}
