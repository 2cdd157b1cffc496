using System.Runtime.InteropServices;

namespace Vla.Actors.Torch;

/// <summary>How the C library deals with Torch's memory on a CPU.</summary>
internal static partial class TorchMemory
{
    // glibc's malloc.h.
    private const int TrimThreshold = -1;
    private const int MostMaps = -4;
    private const int MostArenas = -8;

    /// <summary>
    /// Keeps freed memory for the next step instead of giving it back, for programs that do the same over and over.
    /// </summary>
    /// <remarks>
    /// A training step lets go of hundreds of megabytes and asks for the same again. By default each large block is a
    /// map of its own whose pages are made and zeroed anew every time. Has no effect where the C library is not glibc.
    /// </remarks>
    public static void KeepFreed()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = SetOption(MostArenas, 1);
            _ = SetOption(MostMaps, 0);
            _ = SetOption(TrimThreshold, int.MaxValue);
        }
        catch (EntryPointNotFoundException)
        {
            // musl has one allocator and no options.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
