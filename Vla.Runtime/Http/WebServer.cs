using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Vla.Runtime.Http;

/// <summary>The web server: where it listens, what it bears, and who is let in.</summary>
internal static class WebServer
{
    private const int Kibibyte = 1024;

    /// <summary>
    /// Connections that wait for the server to take them, when many come at once; more would be reset by the system.
    /// </summary>
    private const int WaitingToBeAccepted = 4096;

    /// <summary>A builder with nothing in it but a server and routing.</summary>
    /// <param name="address">Where to listen.</param>
    /// <param name="token">Who must be shown; null for nobody, on loopback only.</param>
    /// <param name="certificate">What is shown over TLS, for an address of https; null for none.</param>
    /// <exception cref="UsageException">Others could reach the address, and there is no token.</exception>
    public static WebApplicationBuilder Builder(Uri address, HttpToken? token, X509Certificate2? certificate = null)
    {
        // Whoever reaches the API can steer the robot.
        var loopback = HttpAddress.IsThisMachine(address.Host);
        if (!loopback && token is null)
        {
            throw new UsageException(
                $"http is '{address.OriginalString}', which other machines can reach: set {HttpToken.Variable} or "
                    + $"httpTokenFile, or use http://127.0.0.1:{address.Port} and, from elsewhere, an SSH tunnel"
            );
        }

        var web = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions
            {
                ApplicationName = "vla",
                // Where the page's files lie, whatever folder the daemon is started in.
                ContentRootPath = AppContext.BaseDirectory,
            }
        );
        web.WebHost.UseKestrelCore().UseUrls(address.ToString());
        if (certificate is not null)
        {
            web.WebHost.UseKestrelHttpsConfiguration();
            web.WebHost.ConfigureKestrel(kestrel =>
                kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate)
            );
        }

        web.WebHost.ConfigureKestrel(Limit);
        web.Services.Configure<SocketTransportOptions>(sockets => sockets.Backlog = WaitingToBeAccepted);
        web.Services.AddRoutingCore();
        web.Services.AddSingleton(new SameOriginOnly(loopback));
        OpenApiDocument.Add(web.Services, token is not null);
        if (token is not null)
        {
            web.Services.AddSingleton(token);
            web.Services.AddSingleton<TokenRequired>();
        }

        return web;
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="start">Does so.</param>
    /// <param name="where">At which address, for messages.</param>
    /// <param name="mend">What names another, for messages.</param>
    /// <exception cref="UsageException">The system does not let it.</exception>
    public static async Task ListenAsync(Func<Task> start, string where, string mend)
    {
        try
        {
            await start();
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            throw new UsageException(
                $"cannot listen at {where}: {exception.Message.ReplaceLineEndings(" ")}; choose another address with "
                    + mend,
                exception
            );
        }
    }

    /// <summary>Puts the guards in front of whatever is mapped.</summary>
    public static void UseGuards(WebApplication app)
    {
        app.Use(ConnectionPlaces.Serve);
        app.Use(AddHeaders);
        app.Use(RequestMethods.TreatHeadAsGet);
        app.UseRouting();
        app.Use(app.Services.GetRequiredService<SameOriginOnly>().Invoke);
        var token = app.Services.GetService<TokenRequired>();
        if (token is not null)
            app.Use(token.Invoke);
        app.Use(RequestMethods.AnswerUnmatched);
        if (token is not null)
            MapLogin(app, token);
    }

    private static void MapLogin(WebApplication app, TokenRequired token)
    {
        // As delegates: a RequestDelegate would be left out of the OpenAPI document.
        var login = app.MapGroup("/login").WithTags("session").WithMetadata(new TokenRequired.NotNeeded());
        login
            .MapGet("", (Delegate)((HttpContext context) => LoginPage.Write(context, StatusCodes.Status200OK, "")))
            .WithSummary("The page that asks for the token")
            .Produces<string>(StatusCodes.Status200OK, "text/html");
        login
            .MapPost("", (Delegate)token.LogIn)
            .WithSummary("Takes the token as a form's field and gives the browser a session")
            .AddOpenApiOperationTransformer(OpenApiDocument.DescribeLogin)
            .Produces(StatusCodes.Status303SeeOther)
            .Produces<string>(StatusCodes.Status401Unauthorized, "text/html")
            .Produces<ErrorAnswer>(StatusCodes.Status429TooManyRequests);
    }

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = HttpApi.LargestBody;
        limits.MaxRequestLineSize = 4 * Kibibyte;
        limits.MaxRequestHeadersTotalSize = 16 * Kibibyte;
        limits.MaxRequestHeaderCount = 64;
        // What is slower than this on purpose takes a place from others.
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(3);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(10);
        limits.MinRequestBodyDataRate = new MinDataRate(
            bytesPerSecond: 2 * Kibibyte,
            gracePeriod: TimeSpan.FromSeconds(2)
        );
        limits.MinResponseDataRate = new MinDataRate(
            bytesPerSecond: 2 * Kibibyte,
            gracePeriod: TimeSpan.FromSeconds(3)
        );
        // Not by Kestrel, which would turn the new one away.
        limits.MaxConcurrentConnections = null;
        limits.MaxConcurrentUpgradedConnections = ConnectionPlaces.OfAll / 2;
        var places = new ConnectionPlaces(TimeProvider.System);
        kestrel.ConfigureEndpointDefaults(listen =>
        {
            // One request of a connection at a time: what is counted here.
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection => places.Invoke(connection, next));
        });
    }

    private static Task AddHeaders(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        // Not no-referrer: forms would be sent with the origin null then, and refused.
        headers["Referrer-Policy"] = "same-origin";
        return next(context);
    }
}
