using System.Net;
using Vla.Runtime.Http;
using Vla.Runtime.Pages;
using Vla.Runtime.Settings;
using Vla.Runtime.Telemetry;

namespace Vla.Runtime.Commands;

/// <summary>What a controller's services live in: a web server with API and page, or none.</summary>
internal static class DaemonHost
{
    /// <summary>Begins it.</summary>
    /// <exception cref="UsageException">The address, or its token, cannot be used.</exception>
    public static IHostApplicationBuilder Builder(VlaSettings settings, string configFolder)
    {
        if (HttpAddress.Parse(settings.Http) is not { } address)
            return Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());

        var file = settings.HttpTokenFile.Length > 0 ? Path.Combine(configFolder, settings.HttpTokenFile) : "";
        var web = WebServer.Builder(
            address,
            HttpToken.Read(Environment.GetEnvironmentVariable(HttpToken.Variable), file)
        );
        web.AddPage();
        return web;
    }

    /// <summary>Where the page is, and what to type or press.</summary>
    public static string Where(string http, string help)
    {
        var page =
            HttpAddress.Parse(http) is not { } address ? "no page (--http off)"
            : IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip)
            && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))
                ? $"page: http://{Environment.MachineName}:{address.Port}/"
            : $"page: {address}";
        return $"{page}   {help}   Ctrl-C: end";
    }

    /// <summary>Puts it together, once all services are known.</summary>
    public static IHost Build(IHostApplicationBuilder builder)
    {
        if (builder is not WebApplicationBuilder web)
            return ((HostApplicationBuilder)builder).Build();

        var app = web.Build();
        WebServer.UseGuards(app);
        HttpApi.Map(app);
        TelemetrySetup.Map(app);
        app.MapPage();
        return app;
    }

    /// <summary>Starts everything that lives in it.</summary>
    /// <param name="host">As built.</param>
    /// <param name="address">Where it listens, as given.</param>
    /// <exception cref="UsageException">It cannot listen there.</exception>
    public static Task StartAsync(IHost host, string address) =>
        HttpAddress.Parse(address) is null
            ? host.StartAsync(CancellationToken.None)
            : WebServer.ListenAsync(() => host.StartAsync(CancellationToken.None), address, "--http, or --http off");

    /// <summary>Waits until everything has ended.</summary>
    public static async Task WaitForEndAsync(IHost host)
    {
        try
        {
            await host.WaitForShutdownAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is OperationCanceledException or AggregateException)
        {
            // Something took longer to end than it may. The stop is out, and the process ends without it.
        }
    }
}
