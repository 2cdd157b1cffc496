using System.Runtime.InteropServices;

namespace Vla.Runtime.Processes;

/// <summary>
/// Makes the calling thread step back: what it does is to be looked at, or kept, and can wait for the robot.
/// </summary>
internal static partial class LowPriority
{
    private const int PriorityOfProcess = 0;
    private const int ThisThread = 0;
    private const int Nice = 15;

    public static void Take()
    {
        // .NET's own does nothing on Linux, where a nice value belongs to a thread and lowering it needs no right.
        Thread.CurrentThread.Priority = ThreadPriority.Lowest;
        if (OperatingSystem.IsLinux())
            _ = SetPriority(PriorityOfProcess, ThisThread, Nice);
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int nice);
}
