using Microsoft.Extensions.Primitives;

namespace Vla.Runtime.Http;

/// <summary>Answers HEAD as GET, and says in JSON what no endpoint says: not here, not by this method.</summary>
internal static class RequestMethods
{
    /// <summary>Before routing: HEAD is GET, of whose answer the server sends no body (RFC 9110, 9.3.2).</summary>
    public static Task TreatHeadAsGet(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsHead(context.Request.Method))
            context.Request.Method = HttpMethods.Get;
        return next(context);
    }

    /// <summary>Behind the guards: 404 and 405 with a reason, and OPTIONS with what is allowed.</summary>
    public static async Task AnswerUnmatched(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint() is null)
        {
            await HttpApi
                .Problem(
                    StatusCodes.Status404NotFound,
                    "not here: GET / (the page), GET /healthz, GET /status, POST /instruction, POST /stop, POST "
                        + "/resume, POST /world/episode; see /openapi/v1.json"
                )
                .ExecuteAsync(context);
            return;
        }

        await next(context);
        var response = context.Response;
        if (response.StatusCode != StatusCodes.Status405MethodNotAllowed || response.HasStarted)
            return;

        var allowed = response
            .Headers.Allow.SelectMany(methods =>
                (methods ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            )
            .Append(HttpMethods.Options)
            .ToList();
        if (allowed.Contains(HttpMethods.Get))
            allowed.Add(HttpMethods.Head);
        var list = string.Join(", ", allowed.Distinct().Order(StringComparer.Ordinal));
        response.Headers.Allow = new StringValues(list);
        if (HttpMethods.IsOptions(context.Request.Method))
            response.StatusCode = StatusCodes.Status204NoContent;
        else
            await HttpApi
                .Problem(
                    StatusCodes.Status405MethodNotAllowed,
                    $"{context.Request.Path} does not take {context.Request.Method}: it takes {list}"
                )
                .ExecuteAsync(context);
    }
}
