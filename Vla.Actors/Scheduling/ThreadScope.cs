using TorchSharp;

namespace Vla.Actors.Scheduling;

/// <summary>A thread's own scope for tensors; whoever has used it empties it.</summary>
internal static class ThreadScope
{
    [ThreadStatic]
    private static DisposeScope? _current;

    /// <summary>The calling thread's.</summary>
    public static DisposeScope Current => _current ??= torch.NewDisposeScope();

    /// <summary>
    /// Ends the calling thread's scope: what is made from now on belongs to nobody, until there is a new one.
    /// </summary>
    public static void Leave()
    {
        _current?.Dispose();
        _current = null;
    }
}
