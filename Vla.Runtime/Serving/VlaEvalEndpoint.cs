using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime.Http;

namespace Vla.Runtime.Serving;

/// <summary>vla-eval's protocol, on any path, with its <c>GET /health</c> and <c>GET /config</c>.</summary>
internal sealed class VlaEvalEndpoint : HttpEndpoint
{
    public VlaEvalEndpoint(ServingContext context)
        : base(context)
    {
        Routes
            .MapGet(
                "/health",
                () =>
                    context.Problem() is { } why
                        ? HttpApi.Problem(StatusCodes.Status503ServiceUnavailable, why)
                        : Results.Text("""{"status": "ok"}""", "application/json")
            )
            .WithMetadata(new TokenRequired.NotNeeded());
        Routes.MapGet("/config", () => Results.Text("{}", "application/json"));
        Routes.Map("/{**path}", ServeAsync);
    }

    /// <summary>The layout without a preset: a policy's own names, as vla-eval groups them.</summary>
    public static WireLayout LayoutOf(IPolicy policy) =>
        WirePresets.VlaEval[0] with
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

    private async Task ServeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await HttpApi
                .Problem(
                    StatusCodes.Status426UpgradeRequired,
                    "this serves a policy by vla-eval's protocol: open a WebSocket here, or GET /health"
                )
                .ExecuteAsync(context);
            return;
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(Ends, context.RequestAborted);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var client = Context.Log.Name(Context.Protocol.Name, context.Connection.RemoteIpAddress);
        using var reader = Context.Reader();
        var session = new VlaEvalSession(socket, Context, reader, client);
        var policy = Context.Pool.TryTake();
        try
        {
            if (policy is null)
            {
                Context.Log.TurnedAway(client, Context.Pool.Most);
                await socket.CloseOutputAsync((WebSocketCloseStatus)1013, "no place", ends.Token);
                return;
            }

            Context.Log.Came(client);
            Context.Log.Left(client, await session.RunAsync(policy, ends.Token), $"{session}");
        }
        catch (Exception e)
            when (e is WebSocketException or OperationCanceledException or IOException or ConnectionAbortedException)
        {
            Context.Log.Left(client, Ends.IsCancellationRequested ? "the server ends" : "gone", $"{session}");
            if (Ends.IsCancellationRequested)
                socket.Abort();
        }
        finally
        {
            if (policy is not null)
                Context.Pool.GiveBack(policy);
        }
    }
}
