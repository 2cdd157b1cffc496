using System.Net.WebSockets;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving;

/// <summary>One client of a protocol over a WebSocket, from when it comes until it goes.</summary>
/// <param name="socket">The client's.</param>
/// <param name="context">What is served.</param>
/// <param name="client">What it is called in the log.</param>
internal abstract class SocketSession(WebSocket socket, ServingContext context, string client) : IDisposable
{
    protected SocketMessages Messages { get; } = new(socket, context.Limits);

    protected ServingContext Context => context;

    /// <summary>Observations or other messages that were answered with an error.</summary>
    protected long Refused { get; private set; }

    /// <summary>Serves until the client goes, or sends what cannot be gone on after.</summary>
    /// <returns>Why it ended, for the log; null for one that was turned away.</returns>
    public abstract Task<string?> RunAsync(CancellationToken ends);

    public abstract void Dispose();

    /// <summary>Logs that it came.</summary>
    protected void Came() => context.Log.Came(client);

    /// <summary>Logs that a message of its was refused.</summary>
    protected void Refuse(string why) => context.Log.Refused(client, ++Refused, OneLine.Of(why));

    /// <summary>Logs that there was no place for it.</summary>
    protected void TurnedAway() => context.Log.TurnedAway(client, context.Pool.Most);
}

/// <summary>One that has one of the places, and so a policy of its own, for as long as it stays.</summary>
/// <inheritdoc/>
internal abstract class PlacedSession(WebSocket socket, ServingContext context, string client)
    : SocketSession(socket, context, client)
{
    /// <summary>RFC 6455's registry: come again later.</summary>
    private const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;

    /// <summary>Finds in messages what the policy wants; this client's alone.</summary>
    protected ObservationReader Reader { get; } = context.Reader();

    public sealed override async Task<string?> RunAsync(CancellationToken ends)
    {
        if (Context.Pool.TryTake() is not { } policy)
        {
            TurnedAway();
            await SayNoPlaceAsync(ends);
            await Messages.CloseAsync(TryAgainLater, "no place", ends);
            return null;
        }

        try
        {
            Came();
            return await RunAsync(policy, ends);
        }
        finally
        {
            Context.Pool.GiveBack(policy);
        }
    }

    public override void Dispose() => Reader.Dispose();

    /// <returns>Why it ended, for the log.</returns>
    protected abstract Task<string> RunAsync(ServedPolicy policy, CancellationToken ends);

    /// <summary>What a client without a place is told before the socket's closing; nothing where a protocol has no
    /// words for it.</summary>
    protected virtual Task SayNoPlaceAsync(CancellationToken ends) => Task.CompletedTask;
}
