using System.Runtime.InteropServices;

namespace Vla.Actors.Scheduling;

/// <summary>Which processor cores threads of this process run on.</summary>
/// <remarks>
/// Linux alone; elsewhere nothing is changed and <see cref="Current"/> is -1. Threads go by the kernel's numbers, see
/// <see cref="ThisThread"/>. It needs no rights. Only cores that the process was given at its start are used.
/// </remarks>
internal static partial class Cores
{
    // 1,024 cores, what the kernel's own cpu_set_t has room for.
    private const int Words = 16;
    private const int BitsOfWord = 64;

    private static readonly ulong[] Allowed = ReadAllowed();

    /// <summary>Whether there is a choice: two cores at least that this process may use.</summary>
    public static bool AreSeveral { get; } = Allowed.Sum(word => (long)ulong.PopCount(word)) > 1;

    /// <summary>The core that the calling thread runs on; -1 where that is not known.</summary>
    public static int Current => AreSeveral ? GetCpu() : -1;

    /// <summary>The kernel's number of the calling thread; 0 where there is none.</summary>
    public static int ThisThread => AreSeveral ? GetThreadId() : 0;

    /// <summary>From now on the thread runs on any core but this one.</summary>
    public static void KeepOff(int thread, int core)
    {
        Span<ulong> mask = stackalloc ulong[Words];
        Allowed.CopyTo(mask);
        mask[core / BitsOfWord] &= ~(1UL << (core % BitsOfWord));
        Set(thread, mask);
    }

    /// <summary>The cores that the thread may run on; empty where there is no choice.</summary>
    public static unsafe IReadOnlyList<int> Of(int thread)
    {
        if (!AreSeveral)
            return [];
        var mask = new ulong[Words];
        fixed (ulong* words = mask)
            _ = GetAffinity(thread, Words * sizeof(ulong), words);
        return
        [
            .. Enumerable
                .Range(0, Words * BitsOfWord)
                .Where(core => (mask[core / BitsOfWord] >> (core % BitsOfWord) & 1) != 0),
        ];
    }

    /// <summary>From now on the thread runs on the cores whose bits are set.</summary>
    internal static unsafe void Set(int thread, ReadOnlySpan<ulong> mask)
    {
        // A thread that has ended meanwhile is refused, which is as well.
        fixed (ulong* words = mask)
            _ = SetAffinity(thread, mask.Length * sizeof(ulong), words);
    }

    private static unsafe ulong[] ReadAllowed()
    {
        var mask = new ulong[Words];
        if (!OperatingSystem.IsLinux())
            return mask;
        try
        {
            fixed (ulong* words = mask)
                _ = GetAffinity(Environment.ProcessId, Words * sizeof(ulong), words);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library without it: no choice then.
        }

        return mask;
    }

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    private static partial int GetCpu();

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetThreadId();

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static unsafe partial int SetAffinity(int thread, nint size, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static unsafe partial int GetAffinity(int thread, nint size, ulong* mask);
}
