using System.Net;

namespace Vla.Runtime.Http;

/// <summary>The place of one connection: whose it is, and since when it has done nothing.</summary>
internal sealed class ConnectionPlace : IDisposable
{
    private readonly ConnectionPlaces _places;
    private readonly Action _close;
    private int _hasShownToken;

    internal ConnectionPlace(ConnectionPlaces places, IPAddress client, Action close, long openedAt) =>
        (_places, Client, _close, IdleSince) = (places, client, close, openedAt);

    /// <summary>As <see cref="HttpAddress.Client"/> gives it.</summary>
    public IPAddress Client { get; }

    /// <summary>Whether a request of this connection has shown the token.</summary>
    public bool HasShownToken => Volatile.Read(ref _hasShownToken) != 0;

    /// <summary>When its last request ended, or it was opened: a timestamp of the time provider.</summary>
    public long IdleSince { get; internal set; }

    /// <summary>A request begins: its headers have come.</summary>
    /// <returns>False when too many are under way already.</returns>
    public bool Begin() => _places.Begin(this);

    /// <summary>The request has ended.</summary>
    public void End() => _places.End(this);

    /// <summary>The token was shown: of idle connections this is among the last to be closed.</summary>
    public void ShowToken() => Volatile.Write(ref _hasShownToken, 1);

    public void Dispose() => _places.Leave(this);

    internal void Close() => _close();
}
