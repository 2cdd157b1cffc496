using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using MudBlazor.Services;
using Vla.Actors.Wiring;

namespace Vla.Runtime.Pages;

/// <summary>Puts the page into the daemon's web server.</summary>
internal static class PageHosting
{
    /// <summary>A connection that was silent for so long is lost, on either side.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(8);

    /// <summary>How often each side says that it is there.</summary>
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(2);

    /// <summary>A socket that has not said what it is for by then is closed.</summary>
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(3);

    public static void AddPage(this WebApplicationBuilder web)
    {
        FindFiles(web);
        var services = web.Services;
        services.AddRouting();
        services.AddDataProtection();
        services.Configure<KeyManagementOptions>(keys =>
            (keys.XmlRepository, keys.XmlEncryptor) = (new KeysInMemory(), new NullXmlEncryptor())
        );
        services
            .AddRazorComponents()
            .AddInteractiveServerComponents(circuits =>
            {
                circuits.DisconnectedCircuitMaxRetained = 8;
                circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(1);
            })
            .AddHubOptions(hub =>
                (hub.KeepAliveInterval, hub.ClientTimeoutInterval, hub.HandshakeTimeout) = (
                    SignOfLife,
                    Silence,
                    Handshake
                )
            );
        services.AddMudServices();

        services.AddSingleton(provider =>
        {
            var parts = provider.GetRequiredService<PipelineParts>();
            return new PictureStudios(
                parts.Monitors.Cameras,
                parts.Policy.ImageOf,
                parts.Time,
                provider.GetRequiredService<ILogger<PictureStudio>>()
            );
        });
        services.AddHostedService(provider => provider.GetRequiredService<PictureStudios>());
        services.AddSingleton(provider =>
        {
            var parts = provider.GetRequiredService<PipelineParts>();
            return new InstructionHistory(parts.Control.Observers, parts.Instructions, parts.Time);
        });
        services.AddSingleton<LiveView>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveView>());
    }

    /// <summary>
    /// From the build's output the files lie where the packages and the project have them: a manifest says where.
    /// </summary>
    /// <exception cref="UsageException">The folder of packages is another user's, or it is gone.</exception>
    private static void FindFiles(WebApplicationBuilder web)
    {
        try
        {
            StaticWebAssetsLoader.UseStaticWebAssets(web.Environment, web.Configuration);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                "the page's files are not where this build's packages were, which only whoever built it may read: "
                    + "./vla publish DIR makes a folder for every user, or use --http off "
                    + $"({e.Message.ReplaceLineEndings(" ")})",
                e
            );
        }
    }

    public static void MapPage(this WebApplication app)
    {
        app.UseAntiforgery();
        app.MapStaticAssets();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
        CameraEndpoints.Map(app);
    }
}
