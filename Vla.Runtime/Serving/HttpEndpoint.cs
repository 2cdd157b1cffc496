using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Runtime.Http;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving;

/// <summary>A policy behind a protocol over HTTP, with <c>GET /healthz</c> and what the daemon has besides.</summary>
internal abstract class HttpEndpoint : PolicyEndpoint
{
    private const int FirstBody = 4 * 1024;
    private const int LargestFirstBody = 1024 * 1024;

    private readonly WebApplication _app;
    private readonly CancellationTokenSource _ends = new();
    private readonly RecentClients<RequestPace> _paces;
    private long _refused;

    /// <exception cref="UsageException">Others could reach the address, and there is no token.</exception>
    protected HttpEndpoint(ServingContext context)
    {
        Context = context;
        _paces = context.Paces();
        var builder = WebServer.Builder(context.Address, context.Token, context.Certificate?.Certificate);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IHostLifetime, Hosting.HostLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopBound);
        context.Configure(builder);
        _app = builder.Build();
        _app.UseWebSockets(
            new WebSocketOptions
            {
                KeepAliveInterval = TimeSpan.FromSeconds(20),
                KeepAliveTimeout = TimeSpan.FromSeconds(20),
            }
        );
        WebServer.UseGuards(_app);
        _app.Use(PaceAsync);
        // As openpi's own server answers.
        MapHealth("/healthz", "OK\n");
        context.Map(_app);
    }

    /// <inheritdoc/>
    public override Uri Address => new(_app.Urls.First());

    protected ServingContext Context { get; }

    /// <summary>Where its paths are mapped.</summary>
    protected IEndpointRouteBuilder Routes => _app;

    /// <summary>Cancelled when the server ends.</summary>
    protected CancellationToken Ends => _ends.Token;

    /// <inheritdoc/>
    public override Task StartAsync() => _app.StartAsync();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        using (var limit = new CancellationTokenSource(StopBound))
            await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Whom a request comes from, as far as its address tells.</summary>
    protected static string Client(HttpContext context) => $"{HttpAddress.Client(context.Connection.RemoteIpAddress)}";

    /// <summary>Answers what a request's body says, or what is wrong with it, with a status and why.</summary>
    /// <param name="context">The request.</param>
    /// <param name="answer">Given the body and what it can be read into, both there until it is done.</param>
    protected async Task AnswerAsync(HttpContext context, Func<ReadOnlyMemory<byte>, WireMemory, Task> answer)
    {
        using var memory = new WireMemory();
        try
        {
            if (JsonBody.Problem(context.Request) is { } unsupported)
                throw new BadHttpRequestException(unsupported, StatusCodes.Status415UnsupportedMediaType);
            await answer(await BodyAsync(context, memory), memory);
        }
        catch (Exception e) when (Refusal(e, context) is (var status, var why))
        {
            Context.Log.Refused(Context.Protocol.Name, Interlocked.Increment(ref _refused), OneLine.Of(why));
            await HttpApi.Problem(status, OneLine.Of(why, ServingContext.LongestReason)).ExecuteAsync(context);
        }
    }

    /// <summary>Opens a client's WebSocket, and serves it until it goes.</summary>
    protected async Task ServeAsync(HttpContext context, Func<WebSocket, string, SocketSession> begin)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(Ends, context.RequestAborted);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var client = Context.Log.Name(Context.Protocol.Name, context.Connection.RemoteIpAddress);
        using var session = begin(socket, client);
        try
        {
            if (await session.RunAsync(ends.Token) is { } why)
                Context.Log.Left(client, why, $"{session}");
        }
        catch (Exception e)
            when (e is WebSocketException or OperationCanceledException or IOException or ConnectionAbortedException)
        {
            Context.Log.Left(client, Ends.IsCancellationRequested ? "the server ends" : "gone", $"{session}");
            if (Ends.IsCancellationRequested)
                socket.Abort();
        }
    }

    /// <summary>Says that there is a WebSocket, to whoever asks for something else.</summary>
    /// <param name="context">The request.</param>
    /// <param name="what">What is here, in one line.</param>
    protected static Task UpgradeAsync(HttpContext context, string what)
    {
        context.Response.Headers.Upgrade = "websocket";
        return HttpApi.Problem(StatusCodes.Status426UpgradeRequired, what).ExecuteAsync(context);
    }

    /// <summary>Whether a policy can be asked, for whoever watches over the server.</summary>
    /// <param name="path">Where it is asked.</param>
    /// <param name="well">The answer where it can.</param>
    /// <param name="type">Of what kind that is; null for a text.</param>
    protected void MapHealth(string path, string well, string? type = null) =>
        Routes
            .MapGet(
                path,
                () =>
                    Context.Problem() is { } why
                        ? HttpApi.Problem(StatusCodes.Status503ServiceUnavailable, why)
                        : Results.Text(well, type)
            )
            .WithMetadata(new TokenRequired.NotNeeded());

    /// <summary>Holds each client to its pace; whoever only asks whether all is well has none.</summary>
    private async Task PaceAsync(HttpContext context, RequestDelegate next)
    {
        var isForWatching = context.GetEndpoint()?.Metadata.GetMetadata<TokenRequired.NotNeeded>() is not null;
        if (isForWatching || await Context.PaceAsync(_paces.Of(Client(context)), context.RequestAborted))
        {
            await next(context);
            return;
        }

        context.Response.Headers.RetryAfter = "1";
        await HttpApi.Problem(StatusCodes.Status429TooManyRequests, Context.TooFast).ExecuteAsync(context);
    }

    /// <summary>What is said of a failure; null where nobody is there to be told.</summary>
    private static (int Status, string Why)? Refusal(Exception exception, HttpContext context) =>
        exception switch
        {
            NoPlaceException => (StatusCodes.Status503ServiceUnavailable, exception.Message),
            WireException => (StatusCodes.Status400BadRequest, exception.Message),
            PolicyException => (StatusCodes.Status500InternalServerError, exception.Message),
            BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } => (
                StatusCodes.Status415UnsupportedMediaType,
                exception.Message
            ),
            BadHttpRequestException bad => (bad.StatusCode, $"the request cannot be read: {bad.Message}"),
            OperationCanceledException when !context.RequestAborted.IsCancellationRequested => (
                StatusCodes.Status408RequestTimeout,
                "the request took too long to come"
            ),
            _ => null,
        };

    /// <summary>A request's whole body, as large as an observation may be.</summary>
    /// <exception cref="BadHttpRequestException">It is larger, or broke off.</exception>
    private async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContext context, WireMemory memory)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = Context.Limits.LargestMessage;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, Ends);
        late.CancelAfter(Context.Limits.LongestMessageTime);
        // What is only said to come takes no memory yet.
        var body = memory.Rent((int)Math.Clamp(context.Request.ContentLength + 1 ?? 0, FirstBody, LargestFirstBody));
        for (var length = 0; ; )
        {
            if (length == body.Length)
            {
                var larger = memory.Rent(2 * length);
                body.CopyTo(larger, 0);
                body = larger;
            }

            var read = await context.Request.Body.ReadAsync(body.AsMemory(length), late.Token);
            if (read == 0)
                return body.AsMemory(0, length);
            length += read;
        }
    }
}
