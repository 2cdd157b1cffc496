namespace Vla.Runtime.Http;

/// <summary>Lets nobody through without the token, as a bearer token (RFC 6750) or as a browser's session.</summary>
/// <remarks>
/// Everything needs it: pages, their files and sockets, paths that do not exist. Only endpoints that say so
/// (<see cref="NotNeeded"/>) do without.
/// </remarks>
internal sealed partial class TokenRequired(HttpToken token, TimeProvider time, ILogger<TokenRequired> logger)
{
    /// <summary>RFC 6750's, and that of openpi's clients.</summary>
    private static readonly string[] Schemes = ["Bearer ", "Api-Key "];

    private readonly GuessingDelay _guessing = new(time);

    public async Task Invoke(HttpContext context, RequestDelegate next)
    {
        if (HasSession(context))
        {
            await Welcome(context, next);
        }
        else if (Bearer(context) is { } given)
        {
            if (token.Is(given))
                await Welcome(context, next);
            else if (await SlowDown(context))
                await Refuse(context);
        }
        else if (context.GetEndpoint()?.Metadata.GetMetadata<NotNeeded>() is not null)
        {
            context.Items[typeof(TokenRequired)] = this;
            await next(context);
        }
        else
        {
            await Refuse(context);
        }
    }

    /// <summary>Its connection is among the last to be closed when others want its place.</summary>
    private static Task Welcome(HttpContext context, RequestDelegate next)
    {
        context.Features.Get<ConnectionPlace>()?.ShowToken();
        return next(context);
    }

    /// <summary>Whether somebody came through who has not shown the token that is in force.</summary>
    public static bool IsMissing(HttpContext context) => context.Items.ContainsKey(typeof(TokenRequired));

    /// <summary>Takes the token from the login page: a session, or the page again after a while.</summary>
    public async Task LogIn(HttpContext context)
    {
        var form = context.Request.HasFormContentType
            ? await context.Request.ReadFormAsync(context.RequestAborted)
            : null;
        if (token.Is(form?["token"].ToString() ?? ""))
        {
            var session = new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Secure = context.Request.IsHttps,
                MaxAge = HttpToken.SessionTime,
                Path = "/",
            };
            context.Response.Cookies.Append(CookieName(context), token.NewSession(time.GetUtcNow()), session);
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
            context.Response.Headers.Location = "/";
        }
        else if (await SlowDown(context))
        {
            await LoginPage.Write(context, StatusCodes.Status401Unauthorized, "That is not the token.");
        }
    }

    private bool HasSession(HttpContext context) =>
        context.Request.Cookies[CookieName(context)] is { } session && token.IsSession(session, time.GetUtcNow());

    private static string? Bearer(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        var scheme = Array.Find(Schemes, one => header.StartsWith(one, StringComparison.OrdinalIgnoreCase));
        return scheme is null ? null : header[scheme.Length..].Trim();
    }

    /// <summary>Answers a wrong token late.</summary>
    /// <returns>False when the answer is given already: too many.</returns>
    private async Task<bool> SlowDown(HttpContext context)
    {
        // A connection that guesses takes one from those who do not.
        context.Response.Headers.Connection = "close";
        var client = HttpAddress.Client(context.Connection.RemoteIpAddress);
        var wrong = await _guessing.WaitAsync(client, context.RequestAborted);
        if (wrong > 0)
        {
            // The first, the second, the fourth…: enough to be seen, too few to fill a log.
            if ((wrong & (wrong - 1)) == 0)
                Log.Wrong(logger, client.ToString(), wrong);
            return true;
        }

        context.Response.Headers.RetryAfter = "16";
        await HttpApi
            .Problem(StatusCodes.Status429TooManyRequests, "too many wrong tokens at a time; wait")
            .ExecuteAsync(context);
        return false;
    }

    private static Task Refuse(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"vla\"";
        var looks =
            HttpMethods.IsGet(context.Request.Method)
            && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        return looks
            ? LoginPage.Write(context, StatusCodes.Status401Unauthorized, "")
            : HttpApi
                .Problem(StatusCodes.Status401Unauthorized, "send the token: Authorization: Bearer TOKEN")
                .ExecuteAsync(context);
    }

    /// <summary>
    /// A browser keeps cookies by host, not by port: two daemons on one machine must not take each other's.
    /// </summary>
    private static string CookieName(HttpContext context) => $"vla-{context.Connection.LocalPort}";

    /// <summary>On an endpoint: answers without the token, too.</summary>
    public sealed class NotNeeded;

    private static partial class Log
    {
        [LoggerMessage(50, LogLevel.Warning, "wrong token from {Client}, {Count} so far; its answers come late")]
        public static partial void Wrong(ILogger logger, string client, int count);
    }
}
