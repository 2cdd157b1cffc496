using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Vla.Runtime.Hosting;

/// <summary>Ends the process at once, with an exit code.</summary>
/// <remarks>
/// Not <see cref="Environment.Exit"/>: that runs the destructors of native libraries, and Torch's crash (SIGSEGV) while
/// a thread is still at work in it, as one that hangs or that nobody could wait for is.
/// </remarks>
internal static partial class ProcessEnd
{
    private const nint ThisProcess = -1;

    [DoesNotReturn]
    public static void Now(int exitCode)
    {
        TerminalSettings.Restore();
        if (OperatingSystem.IsWindows())
            TerminateProcess(ThisProcess, (uint)exitCode);
        else
            ExitAtOnce(exitCode);
        throw new UnreachableException();
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitAtOnce(int exitCode);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool TerminateProcess(nint process, uint exitCode);
}
