using Microsoft.AspNetCore.Http.Features;
using Vla.Runtime.Http;

namespace Vla.Runtime.Serving;

/// <summary>A policy behind a protocol over HTTP, with <c>GET /healthz</c> and what the daemon has besides.</summary>
internal abstract class HttpEndpoint : PolicyEndpoint
{
    private const string Health = "/healthz";

    private readonly WebApplication _app;
    private readonly CancellationTokenSource _ends = new();

    /// <exception cref="UsageException">Others could reach the address, and there is no token.</exception>
    protected HttpEndpoint(ServingContext context)
    {
        Context = context;
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
        _app.MapGet(Health, Healthy).WithMetadata(new TokenRequired.NotNeeded());
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

    /// <summary>A request's whole body, as large as an observation may be.</summary>
    /// <exception cref="BadHttpRequestException">It is larger, or broke off.</exception>
    protected async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = Context.Limits.LargestMessage;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, Ends);
        late.CancelAfter(Context.Limits.LongestMessageTime);
        using var body = new MemoryStream((int)Math.Clamp(context.Request.ContentLength ?? 0, 0, 1 << 20));
        await context.Request.Body.CopyToAsync(body, late.Token);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    /// <summary>As openpi's own server answers.</summary>
    private IResult Healthy() =>
        Context.Problem() is { } why
            ? HttpApi.Problem(StatusCodes.Status503ServiceUnavailable, why)
            : Results.Text("OK\n");
}
