using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Torch;
using Vla.Runtime.Hosting;
using Vla.Runtime.Http;
using Vla.Runtime.Policies;
using Vla.Runtime.Serving;
using Vla.Runtime.Settings;
using Vla.Runtime.Telemetry;

namespace Vla.Runtime.Commands;

/// <summary>
/// <c>vla serve</c>: a policy for programs that bring their own observations and carry out the actions.
/// </summary>
internal static class ServeCommand
{
    private const int MostClients = 64;
    private const double LongestSeconds = 1e6;

    public static Command Create()
    {
        var policy = new Option<string>("--policy")
        {
            HelpName = "POLICY",
            Description = $"What decides: {PolicyRegistry.Help}; all but those that act in the simulated world alone",
            DefaultValueFactory = _ => ProjectPaths.NotebookPolicy,
        };
        var libraries = PolicyOptions.Libraries();
        var choices = PolicyOptions.Choices();
        var device = PolicyOptions.Device();
        var protocol = new Option<string>("--protocol")
        {
            HelpName = "NAME,NAME",
            Description =
                "What is spoken: "
                + string.Join(", ", ServedProtocol.All.Select(one => $"{one.Name} ({one.About})"))
                + "; several with commas between them",
            DefaultValueFactory = _ => ServedProtocol.All[0].Name,
        };
        var listen = new Option<string[]>("--listen")
        {
            HelpName = "URL",
            Description =
                "Where to listen, others than loopback need a token; with several protocols once for each, with "
                + "PROTOCOL= before it (default: http://127.0.0.1 and each protocol's usual port, or the next that "
                + "none of the others has)",
        };
        var certificate = new Option<string?>("--tls-certificate")
        {
            HelpName = "FILE",
            Description = "Speak TLS with this certificate (PEM); with --tls-key, and --listen https://…",
        };
        var certificateKey = new Option<string?>("--tls-key")
        {
            HelpName = "FILE",
            Description = "The certificate's private key (PEM)",
        };
        var token = new Option<string?>("--http-token-file")
        {
            HelpName = "FILE",
            Description = "File with the token that clients have to show (Authorization: Api-Key TOKEN, or Bearer)",
        };
        var health = new Option<string?>("--health")
        {
            HelpName = "URL",
            Description =
                "Where GET /healthz and GET /metrics are answered besides the protocols over HTTP, or off (default: "
                + "where there is none of these, as with gr00t alone, at 127.0.0.1 and the port after the protocol's)",
        };
        var preset = new Option<string?>("--preset")
        {
            HelpName = "NAME",
            Description =
                "What the parts of an observation are called: "
                + string.Join(
                    "; ",
                    ServedProtocol.All.Select(one =>
                        $"{one.Name} has {string.Join(", ", one.Presets.Select(preset => preset.Name))}"
                    )
                ),
        };
        var layout = new Option<string?>("--layout")
        {
            HelpName = "FILE",
            Description = "The same in a JSON file of your own (docs/wires.md)",
        };
        var instruction = new Option<string>("--instruction")
        {
            HelpName = "TEXT",
            Description = "What is to be done where an observation says nothing",
            DefaultValueFactory = _ => "",
        };
        var clients = new Option<int>("--clients")
        {
            HelpName = "N",
            Description =
                $"Clients at a time, 1 to {MostClients}, each with the policy in memory once more unless it can batch",
            DefaultValueFactory = _ => PolicyServerOptions.UsualClients,
        };
        var batch = new Option<int?>("--batch")
        {
            HelpName = "N",
            Description =
                $"Observations that wait at the same time and are computed together, 1 (off) to {MostClients}, by "
                + "policies that can: Vla's own with stages of Vla's (default: "
                + $"{PolicyServerOptions.UsualBatch} on a GPU, off on a CPU)",
        };
        var duration = new Option<double?>("--duration")
        {
            HelpName = "SECONDS",
            Description = "End by itself after this time",
        };
        var command = new Command(
            "serve",
            "Serve a policy to other programs, which send observations and carry out the actions: no robot, no limits "
                + "and no stop here."
        )
        {
            policy,
            libraries,
            protocol,
            listen,
            health,
            token,
            certificate,
            certificateKey,
            preset,
            layout,
            instruction,
            clients,
            batch,
            duration,
            device,
        };
        choices.AddTo(command);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var words = parsed.GetValue(instruction)!;
                var problem = "";
                if (words.Length > 0 && !InstructionText.TryRead(words, out words, out problem))
                    throw new UsageException($"--instruction: {problem}");
                var mostClients = Bounds.Require("--clients", parsed.GetValue(clients), 1, MostClients);
                int? largestBatch = parsed.GetValue(batch) is { } given
                    ? Bounds.Require("--batch", given, 1, MostClients)
                    : null;
                var seconds = parsed.GetValue(duration);
                if (seconds is <= 0 or > LongestSeconds)
                    throw new UsageException(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"--duration is {seconds}: allowed is above 0 to {LongestSeconds:0} seconds"
                        )
                    );
                var shown = HttpToken.Read(
                    Environment.GetEnvironmentVariable(HttpToken.Variable),
                    parsed.GetValue(token) is { } file ? Path.GetFullPath(file) : ""
                );
                var tls = (parsed.GetValue(certificate), parsed.GetValue(certificateKey)) switch
                {
                    (null, null) => null,
                    ({ } certificateFile, { } keyFile) => ServerCertificate.Read(
                        Path.GetFullPath(certificateFile),
                        Path.GetFullPath(keyFile)
                    ),
                    _ => throw new UsageException("--tls-certificate and --tls-key go together: give both"),
                };
                var addresses = ServedAddresses.Read(
                    parsed.GetValue(protocol)!,
                    parsed.GetValue(listen) ?? [],
                    isSecret: shown is not null,
                    isSecure: tls is not null
                );
                var watched = ServedAddresses.Health(parsed.GetValue(health), addresses, isSecret: shown is not null);
                PolicyOptions.Register(parsed, libraries);
                var decider = PolicyRegistry.Find(parsed.GetValue(policy)!);
                if (decider.NeedsWorld)
                    throw new UsageException(
                        $"--policy '{decider}' knows the simulated world only, and vla serve has none: give another"
                    );
                var loaded = BoundedWork.Run(
                    "loading the policy",
                    BoundedWork.Bound,
                    () => decider.Load(PolicyContext.WithoutWorld with { Choices = choices.Of(parsed) })
                );
                var own = parsed.GetValue(layout) is { } layoutFile
                    ? WireLayoutFile.Read(Path.GetFullPath(layoutFile))
                    : null;
                var options = new PolicyServerOptions
                {
                    Policy = loaded,
                    Device = TorchDevice.Select(parsed.GetValue(device)!),
                    Places =
                    [
                        .. addresses.Select(one => new ServedPlace(
                            one.Protocol,
                            one.Address,
                            own ?? Layout(one.Protocol, parsed.GetValue(preset), loaded)
                        )),
                    ],
                    Health = watched,
                    Token = shown,
                    Certificate = tls,
                    UsualWords = words,
                    MostClients = mostClients,
                    LargestBatch = largestBatch,
                    Log = logging => Logs.Configure(logging, new LogSettings(), screen: null),
                    Configure = (builder, isFirst) => TelemetrySetup.AddForServing(builder, exports: isFirst),
                    Map = TelemetrySetup.Map,
                };
                await RunAsync(options, seconds, cancellation);
                return ExitCodes.Success;
            }
        );
        return command;
    }

    private static async Task RunAsync(PolicyServerOptions options, double? seconds, CancellationToken cancellation)
    {
        await using var server = new PolicyServer(options);
        try
        {
            await server.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new UsageException(
                $"cannot listen at {string.Join(", ", Wanted(options))}: {e.Message.ReplaceLineEndings(" ")}; choose "
                    + $"another address with --listen{(options.Health is null ? "" : " or --health")}",
                e
            );
        }

        foreach (var (place, address) in options.Places.Zip(server.Addresses))
            Console.WriteLine(
                $"serving {options.Policy.Directory} by the protocol {place.Protocol.Name} at {address.Authority}, for "
                    + $"up to {options.MostClients} clients{(address.Scheme == Uri.UriSchemeHttps ? ", over TLS" : "")}"
            );
        if (server.Health is { } health)
            Console.WriteLine($"  GET {new Uri(health, "/healthz")} says whether it is well");
        if (server.LargestBatch > 1)
            Console.WriteLine($"  up to {server.LargestBatch} observations that wait are computed together");
        foreach (var remark in server.Remarks)
            Console.WriteLine($"  {remark}");
        if (options.Policy.Untrained is { } why)
            Console.WriteLine($"  untrained: {why}");
        var until = Task.Delay(
            seconds is { } given ? TimeSpan.FromSeconds(given) : Timeout.InfiniteTimeSpan,
            cancellation
        );
        if (await Task.WhenAny(until, server.Hung) == server.Hung)
            throw new HangException(await server.Hung);
    }

    private static IEnumerable<Uri> Wanted(PolicyServerOptions options) =>
        options.Places.Select(place => place.Address).Concat(options.Health is { } health ? [health] : []);

    private static WireLayout Layout(ServedProtocol protocol, string? preset, IPolicy policy) =>
        preset is null || preset == protocol.Presets[0].Name
            ? protocol.LayoutOf(policy)
            : protocol.Presets.FirstOrDefault(one => one.Name == preset)
                ?? throw new UsageException(
                    $"--preset is '{preset}', which the protocol {protocol.Name} does not have: allowed is "
                        + string.Join(", ", protocol.Presets.Select(one => one.Name))
                );
}
