namespace Vla.Actors.Policies.Staged.Kernels;

/// <summary>
/// Numbers that stay where they are in memory and begin at a cache line, for code that works with addresses.
/// </summary>
/// <remarks>A vector that lies across two cache lines takes two accesses to load.</remarks>
internal sealed unsafe class AlignedFloats
{
    private const int CacheLine = 64;

    // On the heap of pinned objects: never moved, and let go of by the collector with this object.
    private readonly float[] _memory;

    /// <param name="count">All zero at first.</param>
    public AlignedFloats(int count)
    {
        _memory = GC.AllocateArray<float>(count + CacheLine / sizeof(float), pinned: true);
        fixed (float* memory = _memory)
            Start = (float*)(((nuint)memory + CacheLine - 1) & ~(nuint)(CacheLine - 1));
        Count = count;
    }

    /// <summary>Valid as long as this object is referred to.</summary>
    public float* Start { get; }

    public int Count { get; }

    public Span<float> Span => new(Start, Count);
}
