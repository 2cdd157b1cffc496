using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Vla.Runtime.Http;

/// <summary>Bounds what connections take, and always lets a new one in, so that a stop gets through.</summary>
/// <remarks>
/// <para>
/// Nobody is turned away at the door, so nobody can lock others out by being there first. Of connections without a
/// request under way at most <see cref="OfIdle"/> are kept: then the one that has been idle longest is closed, of the
/// client that has most, and last those that have shown the token. While a client has <see cref="OfOne"/> requests
/// under way, or all together <see cref="OfAll"/>, further ones are answered with 503, except those that take no time
/// and matter (<see cref="AlwaysServed"/>).
/// </para>
/// <para>Own code: Kestrel's own limit turns new connections away, which is the wrong end.</para>
/// </remarks>
internal sealed class ConnectionPlaces(TimeProvider time)
{
    /// <summary>Requests of one client under way: several pages with their sockets and pictures.</summary>
    public const int OfOne = 64;

    /// <summary>Requests under way altogether.</summary>
    public const int OfAll = 256;

    /// <summary>
    /// Connections without a request under way. Many, since they cost little, and a new one must not be closed for
    /// others before its request has been read, however busy the machine is.
    /// </summary>
    public const int OfIdle = 2_048;

    /// <summary>Paths that are served whatever else is under way.</summary>
    private static readonly string[] AlwaysServed = ["/stop", "/resume", "/healthz"];

    private readonly Lock _lock = new();
    private readonly HashSet<ConnectionPlace> _idle = [];
    private readonly HashSet<ConnectionPlace> _busy = [];

    /// <summary>Wraps a connection: Kestrel's connection middleware.</summary>
    public async Task Invoke(ConnectionContext connection, ConnectionDelegate next)
    {
        using var place = Take((connection.RemoteEndPoint as IPEndPoint)?.Address, connection.Abort);
        connection.Features.Set(place);
        await next(connection);
    }

    /// <summary>Wraps a request: the first of the HTTP middleware.</summary>
    public static async Task Serve(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<ConnectionPlace>() is not { } place)
        {
            await next(context);
            return;
        }

        var isWithinLimits = place.Begin();
        try
        {
            if (
                isWithinLimits
                || AlwaysServed.Contains(context.Request.Path.Value?.TrimEnd('/'), StringComparer.OrdinalIgnoreCase)
            )
            {
                await next(context);
                return;
            }

            context.Response.Headers.Connection = "close";
            context.Response.Headers.RetryAfter = "2";
            await HttpApi
                .Problem(
                    StatusCodes.Status503ServiceUnavailable,
                    $"too many requests are under way: for now only {string.Join(", ", AlwaysServed)} are served"
                )
                .ExecuteAsync(context);
        }
        finally
        {
            place.End();
        }
    }

    /// <summary>Takes a place for a connection; disposing it gives it back.</summary>
    /// <param name="address">Where the connection comes from.</param>
    /// <param name="close">Closes the connection, to make room for another.</param>
    public ConnectionPlace Take(IPAddress? address, Action close)
    {
        var place = new ConnectionPlace(this, HttpAddress.Client(address), close, time.GetTimestamp());
        Idle(place);
        return place;
    }

    /// <summary>A request begins.</summary>
    /// <returns>False when there are too many already.</returns>
    internal bool Begin(ConnectionPlace place)
    {
        lock (_lock)
        {
            _idle.Remove(place);
            _busy.Add(place);
            return _busy.Count <= OfAll && _busy.Count(other => other.Client.Equals(place.Client)) <= OfOne;
        }
    }

    /// <summary>A request has ended.</summary>
    internal void End(ConnectionPlace place)
    {
        lock (_lock)
        {
            if (!_busy.Remove(place))
                return;
        }

        place.IdleSince = time.GetTimestamp();
        Idle(place);
    }

    /// <summary>The connection has ended.</summary>
    internal void Leave(ConnectionPlace place)
    {
        lock (_lock)
        {
            _idle.Remove(place);
            _busy.Remove(place);
        }
    }

    private void Idle(ConnectionPlace place)
    {
        ConnectionPlace? leaves = null;
        lock (_lock)
        {
            _idle.Add(place);
            if (_idle.Count > OfIdle)
            {
                leaves = _idle
                    .GroupBy(other => other.Client)
                    .MaxBy(ofClient => ofClient.Count())!
                    .MinBy(other => (other.HasShownToken, other.IdleSince))!;
                _idle.Remove(leaves);
            }
        }

        leaves?.Close();
    }
}
