using System.Net;

namespace Vla.Runtime.Http;

/// <summary>The page that asks a browser's user for the token.</summary>
internal static class LoginPage
{
    private const string ContentPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    public static Task Write(HttpContext context, int statusCode, string complaint)
    {
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = ContentPolicy;
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.WriteAsync(Html(complaint), context.RequestAborted);
    }

    private static string Html(string complaint) =>
        $$"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Vla: token</title>
            <style>
            :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
            body { display: grid; place-items: center; min-height: 100vh; margin: 0; }
            form { display: grid; gap: .75rem; width: min(20rem, 90vw); }
            h1 { font-size: 1.25rem; margin: 0; }
            input, button { font: inherit; padding: .6rem; }
            p { margin: 0; min-height: 1.5em; }
            </style>
            </head>
            <body>
            <form method="post" action="/login">
            <h1>Vla</h1>
            <label for="token">Token</label>
            <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
            <button>Enter</button>
            <p role="alert">{{WebUtility.HtmlEncode(complaint)}}</p>
            </form>
            </body>
            </html>
            """;
}
