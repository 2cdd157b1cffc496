using TorchSharp;

namespace Vla.Actors.Scheduling;

/// <summary>
/// Where one actor's work is done. All calls are the actor's own; this one knows nothing of its thread.
/// </summary>
internal class ActorPlace
{
    /// <summary>A scope on the calling thread for the tensors of one piece of work.</summary>
    public virtual DisposeScope OpenScope() => torch.NewDisposeScope();

    /// <summary>Disposes what the piece of work has left in its scope.</summary>
    public virtual void CloseScope(DisposeScope scope) => scope.Dispose();

    /// <summary>A piece of work begins.</summary>
    public virtual void Begin(long nowNs) { }

    /// <summary>It has ended.</summary>
    public virtual void End(long nowNs) { }

    /// <summary>The actor stops, or is about to be started anew.</summary>
    public virtual void Leave() { }
}
