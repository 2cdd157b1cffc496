using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;

namespace Vla.Runtime.Serving.VlaEval;

/// <summary>vla-eval's protocol, on any path, with its <c>GET /health</c> and <c>GET /config</c>.</summary>
internal sealed class VlaEvalEndpoint : HttpEndpoint
{
    public VlaEvalEndpoint(ServingContext context)
        : base(context)
    {
        MapHealth("/health", """{"status": "ok"}""", "application/json");
        Routes.MapGet("/config", () => Results.Text("{}", "application/json"));
        Routes.Map("/{**path}", ServeAsync);
    }

    /// <summary>The layout without a preset: a policy's own names, as vla-eval groups them.</summary>
    public static WireLayout LayoutOf(IPolicy policy) =>
        VlaEvalPresets.All[0] with
        {
            Pictures =
            [
                .. (policy.Pictures ?? ["agentview"]).Select(name => new WirePicture(name, name, 0, 0)
                {
                    Group = "images",
                }),
            ],
            State = policy.State.Dimensions > 0 ? [new WireState("states", policy.State.Dimensions)] : [],
        };

    private Task ServeAsync(HttpContext http) =>
        http.WebSockets.IsWebSocketRequest
            ? ServeAsync(http, (socket, client) => new VlaEvalSession(socket, Context, client))
            : UpgradeAsync(http, "this serves a policy by vla-eval's protocol: open a WebSocket here, or GET /health");
}
