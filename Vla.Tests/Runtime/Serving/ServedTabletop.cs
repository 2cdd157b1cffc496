using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime.Serving;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Serving;

/// <summary>The tabletop's policy, served by any protocols.</summary>
internal static class ServedTabletop
{
    public static IPolicy Policy { get; } = PolicyFamilies.Load(Repository.File("config/policies/tabletop"));

    public static PolicyServerOptions Options(params string[] protocols) =>
        new()
        {
            Policy = Policy,
            Device = CPU,
            Places = [.. protocols.Select(name => Place(name))],
        };

    /// <param name="protocol">Its name.</param>
    /// <param name="layout">Null for the one without a preset.</param>
    /// <param name="scheme">Whether TLS is spoken.</param>
    public static ServedPlace Place(string protocol, WireLayout? layout = null, string scheme = "http")
    {
        var known = ServedProtocol.Find(protocol)!;
        return new ServedPlace(known, new Uri($"{scheme}://127.0.0.1:0"), layout ?? known.LayoutOf(Policy));
    }

    public static async Task<PolicyServer> StartAsync(PolicyServerOptions options)
    {
        var server = new PolicyServer(options);
        await server.StartAsync();
        return server;
    }
}
