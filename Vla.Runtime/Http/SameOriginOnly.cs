using System.Net;

namespace Vla.Runtime.Http;

/// <summary>Refuses what a page from elsewhere makes the operator's browser send.</summary>
/// <remarks>
/// Loopback keeps other machines out, but not other sites' pages in the operator's browser. On loopback a foreign
/// <c>Host</c> is a rebound DNS name; where other machines may come, they come under any name, with a token. A foreign
/// <c>Origin</c> is a cross-site request or socket (Fetch Standard, "Origin header"). Pictures and frames carry no
/// <c>Origin</c> but say by <c>Sec-Fetch-Site</c> where they come from (W3C Fetch Metadata); following a link to a page
/// is allowed from anywhere.
/// </remarks>
internal sealed class SameOriginOnly(bool loopback)
{
    public async Task Invoke(HttpContext context, RequestDelegate next)
    {
        if (IsForeign(context.Request))
        {
            await HttpApi
                .Problem(StatusCodes.Status403Forbidden, "requests from other sites are refused")
                .ExecuteAsync(context);
            return;
        }

        await next(context);
    }

    private bool IsForeign(HttpRequest request)
    {
        if (loopback && !IsThisMachine(request))
            return true;
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !IsOwn(origin, request.Host))
            return true;
        return request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none")
            && !FollowsLink(request);
    }

    /// <summary>By its name. Without one (HTTP/1.0) no browser sent it, and whoever did is on this machine.</summary>
    private static bool IsThisMachine(HttpRequest request)
    {
        const string subdomain = ".localhost"; // Of this machine, whatever is in front (RFC 6761).
        var host = request.Host.Host.TrimEnd('.');
        if (!request.Host.HasValue)
            return request.HttpContext.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote);
        return HttpAddress.IsThisMachine(host) || host.EndsWith(subdomain, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Scheme aside: a proxy in front may speak HTTPS.</summary>
    private static bool IsOwn(string origin, HostString host) =>
        origin.Equals($"http://{host}", StringComparison.OrdinalIgnoreCase)
        || origin.Equals($"https://{host}", StringComparison.OrdinalIgnoreCase);

    private static bool FollowsLink(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && request.Headers["Sec-Fetch-Mode"] == "navigate"
        && request.Headers["Sec-Fetch-Dest"] == "document";
}
