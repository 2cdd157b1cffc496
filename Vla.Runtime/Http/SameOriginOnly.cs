namespace Vla.Runtime.Http;

/// <summary>Refuses what a page from elsewhere makes a browser on this machine send.</summary>
/// <remarks>
/// Loopback keeps other machines out, but not other sites' pages in the operator's browser. A foreign <c>Host</c> is a
/// rebound DNS name, a foreign <c>Origin</c> a cross-site request (Fetch Standard, "Origin header").
/// </remarks>
public static class SameOriginOnly
{
    public static async Task Invoke(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host;
        var origin = context.Request.Headers.Origin.ToString();
        if (!HttpAddress.IsThisMachine(host.Host) || (origin.Length > 0 && origin != $"{context.Request.Scheme}://{host}"))
        {
            await HttpApi.Problem(StatusCodes.Status403Forbidden, "requests from other sites are refused").ExecuteAsync(context);
            return;
        }

        await next(context);
    }
}
