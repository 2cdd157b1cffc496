using System.Buffers;

namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>
/// What a message is read into, lent until it is answered: pictures are large, and new memory for each has the garbage
/// collector stop everybody now and then.
/// </summary>
internal sealed class WireMemory : IDisposable
{
    private readonly List<byte[]> _lent = [];

    /// <summary>At least so many bytes; there until <see cref="Dispose"/>.</summary>
    public byte[] Rent(int length)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        _lent.Add(bytes);
        return bytes;
    }

    /// <summary>Gives all of it back.</summary>
    public void Dispose()
    {
        foreach (var bytes in _lent)
            ArrayPool<byte>.Shared.Return(bytes);
        _lent.Clear();
    }
}
