using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Tests.Actors.Policies.Remote.OpenVla;

/// <summary>A server with <c>POST /act</c> that does what a test wants, the wrong things above all.</summary>
internal sealed class FakeActServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeActServer(WebApplication app) => _app = app;

    public int Port => new Uri(_app.Urls.Single()).Port;

    /// <summary>Done when the test is over, for a server that hangs.</summary>
    public CancellationToken Ends => _app.Lifetime.ApplicationStopping;

    /// <summary>A server that answers with a text, JSON mostly.</summary>
    public static Task<FakeActServer> AnsweringAsync(Func<WireMap, string> answer) =>
        StartAsync(
            async (context, body) =>
            {
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(answer(WireJson.ReadWrapped(body, "encoded", out _)));
            }
        );

    /// <summary>A server that does anything with what it is asked.</summary>
    public static async Task<FakeActServer> StartAsync(Func<HttpContext, byte[], Task> act)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MinResponseDataRate = null);
        var app = builder.Build();
        app.UseRouting();
        app.MapPost(
            "/act",
            async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                await act(context, body.ToArray());
            }
        );
        await app.StartAsync();
        return new FakeActServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1)))
            await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }
}
