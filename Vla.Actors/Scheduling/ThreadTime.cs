using System.Runtime.InteropServices;

namespace Vla.Actors.Scheduling;

/// <summary>How long the calling thread has been computing so far, as against waiting.</summary>
internal static partial class ThreadTime
{
    private const int ThreadCpuTimeClock = 3;

    /// <summary>Nanoseconds on a core; null where that is not known (Linux alone tells).</summary>
    public static long? NowNs() =>
        OperatingSystem.IsLinux() && GetTime(ThreadCpuTimeClock, out var time) == 0 ? time.Ns : null;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);
}
