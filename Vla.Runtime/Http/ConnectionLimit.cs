using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Vla.Runtime.Http;

/// <summary>Gives no client more connections than leave some for others.</summary>
public sealed class ConnectionLimit
{
    /// <summary>Connections of one client: several pages with their sockets and pictures.</summary>
    public const int OfOne = 64;

    /// <summary>Connections altogether.</summary>
    public const int OfAll = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _open = [];

    public async Task Invoke(ConnectionContext connection, ConnectionDelegate next)
    {
        var client = HttpAddress.Client((connection.RemoteEndPoint as IPEndPoint)?.Address);
        if (!TryOpen(client))
        {
            connection.Abort();
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            Close(client);
        }
    }

    private bool TryOpen(IPAddress client)
    {
        lock (_lock)
        {
            var open = _open.GetValueOrDefault(client);
            if (open == OfOne) return false;
            _open[client] = open + 1;
            return true;
        }
    }

    private void Close(IPAddress client)
    {
        lock (_lock)
        {
            if (--_open[client] == 0) _open.Remove(client);
        }
    }
}
