using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Vla.Runtime.Http;

namespace Vla.Runtime.Serving;

/// <summary>openpi's protocol, on any path.</summary>
internal sealed class OpenPiEndpoint : HttpEndpoint
{
    public OpenPiEndpoint(ServingContext context)
        : base(context) => Routes.Map("/{**path}", ServeAsync);

    private async Task ServeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await HttpApi
                .Problem(
                    StatusCodes.Status426UpgradeRequired,
                    "this serves a policy by openpi's protocol: open a WebSocket here, or GET /healthz"
                )
                .ExecuteAsync(context);
            return;
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(Ends, context.RequestAborted);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var client = Context.Log.Name(Context.Protocol.Name, context.Connection.RemoteIpAddress);
        using var reader = Context.Reader();
        var session = new OpenPiSession(socket, Context, reader, TimeProvider.System) { Client = client };
        var policy = Context.Pool.TryTake();
        try
        {
            if (policy is null)
            {
                Context.Log.TurnedAway(client, Context.Pool.Most);
                await session.TurnAwayAsync(Context.NoPlace, ends.Token);
                return;
            }

            Context.Log.Came(client);
            var why = await session.RunAsync(policy, ends.Token);
            Context.Log.Left(client, why, $"{session}");
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
