using Vla.Actors.Pipeline;

namespace Vla.Actors.Chunks;

/// <summary>
/// What became of a policy's chunks, for the policy that makes the next: which is carried out, and how many actions
/// were really published while one was made.
/// </summary>
/// <remarks>Written by the control thread, which allocates nothing here; may be read from any.</remarks>
public sealed class ChunkProgress
{
    /// <summary>Of so many chunks the slowest counts: one slow chunk long ago says nothing.</summary>
    internal const int Remembered = 8;

    private readonly int[] _delays = new int[Remembered];
    private ActionChunk? _inForce;
    private int _begun;

    /// <summary>The chunk whose actions are published; null while none is.</summary>
    public ActionChunk? InForce => Volatile.Read(ref _inForce);

    /// <summary>
    /// Actions of the chunk before that were published after a chunk's picture was taken and before it took over: the
    /// most of the last few; 0 before there was any.
    /// </summary>
    public int Delay
    {
        get
        {
            var most = 0;
            for (var i = 0; i < Math.Min(Volatile.Read(ref _begun), Remembered); i++)
                most = Math.Max(most, Volatile.Read(ref _delays[i]));
            return most;
        }
    }

    /// <summary>Notes that a chunk took over.</summary>
    internal void Begun(ActionChunk chunk, int delay)
    {
        Volatile.Write(ref _delays[_begun % Remembered], delay);
        Volatile.Write(ref _begun, _begun + 1);
        Volatile.Write(ref _inForce, chunk);
    }

    /// <summary>Notes that nothing of a chunk is published any more.</summary>
    internal void Ended() => Volatile.Write(ref _inForce, null);
}
