namespace Vla.Runtime.Serving.OpenPi;

/// <summary>openpi's protocol, on any path.</summary>
internal sealed class OpenPiEndpoint : HttpEndpoint
{
    public OpenPiEndpoint(ServingContext context)
        : base(context) => Routes.Map("/{**path}", ServeAsync);

    private Task ServeAsync(HttpContext http) =>
        http.WebSockets.IsWebSocketRequest
            ? ServeAsync(http, (socket, client) => new OpenPiSession(socket, Context, client))
            : UpgradeAsync(http, "this serves a policy by openpi's protocol: open a WebSocket here, or GET /healthz");
}
