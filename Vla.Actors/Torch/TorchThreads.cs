using static TorchSharp.torch;

namespace Vla.Actors.Torch;

/// <summary>How many threads Torch uses for one operation of the calling thread.</summary>
internal static class TorchThreads
{
    /// <summary>Sets the number for this thread alone; others keep theirs.</summary>
    /// <remarks>
    /// Torch keeps a number for each thread and one for the process, the last that any thread has set. A thread's first
    /// operation sets its own to the process's: a stage that asked for two got one when another stage that asked for
    /// one came in between. Asking for the number counts as the first operation.
    /// </remarks>
    /// <param name="count">1 or more.</param>
    public static void Use(int count)
    {
        _ = get_num_threads();
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1); // Torch would end the process.
        set_num_threads(count);
    }
}
