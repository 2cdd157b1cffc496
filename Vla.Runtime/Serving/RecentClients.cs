namespace Vla.Runtime.Serving;

/// <summary>
/// What is kept of each client, of those that asked last: for a new one, whoever has asked nothing for longest is
/// forgotten, and nobody else.
/// </summary>
/// <param name="most">Clients that are kept.</param>
/// <param name="make">Begins with a client.</param>
internal sealed class RecentClients<T>(int most, Func<string, T> make)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Client, T Kept)>> _known = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Client, T Kept)> _byLastAsked = [];

    /// <summary>What is kept of a client, which asks now.</summary>
    public T Of(string client)
    {
        lock (_gate)
        {
            if (_known.TryGetValue(client, out var known))
            {
                _byLastAsked.Remove(known);
                _byLastAsked.AddLast(known);
                return known.Value.Kept;
            }

            if (_known.Count == most)
            {
                _known.Remove(_byLastAsked.First!.Value.Client);
                _byLastAsked.RemoveFirst();
            }

            return (_known[client] = _byLastAsked.AddLast((client, make(client)))).Value.Kept;
        }
    }
}
