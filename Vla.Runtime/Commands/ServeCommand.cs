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

namespace Vla.Runtime.Commands;

/// <summary>
/// <c>vla serve</c>: a policy for programs that bring their own observations and carry out the actions.
/// </summary>
public static class ServeCommand
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
            Description = "What is spoken: openpi (MessagePack over a WebSocket)",
            DefaultValueFactory = _ => "openpi",
        }.AcceptOnlyFromAmong("openpi");
        var listen = new Option<string>("--listen")
        {
            HelpName = "URL",
            Description = "Where to listen; others than loopback need a token",
            DefaultValueFactory = _ => $"http://127.0.0.1:{WireAddress.UsualPort}",
        };
        var token = new Option<string?>("--http-token-file")
        {
            HelpName = "FILE",
            Description = "File with the token that clients have to show (Authorization: Api-Key TOKEN, or Bearer)",
        };
        var preset = new Option<string>("--preset")
        {
            Description = "What the parts of an observation are called",
            DefaultValueFactory = _ => WirePresets.Features.Name,
        }.AcceptOnlyFromAmong([.. WirePresets.Names]);
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
            Description = $"Clients at a time, 1 to {MostClients}, each with the policy in memory once more",
            DefaultValueFactory = _ => PolicyServerOptions.UsualClients,
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
            token,
            preset,
            layout,
            instruction,
            clients,
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
                var seconds = parsed.GetValue(duration);
                if (seconds is <= 0 or > LongestSeconds)
                    throw new UsageException(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"--duration is {seconds}: allowed is above 0 to {LongestSeconds:0} seconds"
                        )
                    );
                var address = Address(parsed.GetValue(listen)!);
                var shown = HttpToken.Read(
                    Environment.GetEnvironmentVariable(HttpToken.Variable),
                    parsed.GetValue(token) is { } file ? Path.GetFullPath(file) : ""
                );
                if (shown is null && !HttpAddress.IsThisMachine(address.Host))
                    throw new UsageException(
                        $"--listen is '{parsed.GetValue(listen)}', which other machines can reach: give "
                            + $"--http-token-file FILE or set {HttpToken.Variable}, or listen at "
                            + $"http://127.0.0.1:{address.Port}"
                    );
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
                var options = new PolicyServerOptions
                {
                    Policy = loaded,
                    Device = TorchDevice.Select(parsed.GetValue(device)!),
                    Address = address,
                    Token = shown,
                    Layout = parsed.GetValue(layout) is { } own
                        ? WireLayoutFile.Read(Path.GetFullPath(own))
                        : WirePresets.Find(parsed.GetValue(preset)!)!,
                    UsualWords = words,
                    MostClients = mostClients,
                    Log = logging => Logs.Configure(logging, new LogSettings(), screen: null),
                };
                await RunAsync(options, parsed.GetValue(protocol)!, seconds, cancellation);
                return ExitCodes.Success;
            }
        );
        return command;
    }

    private static async Task RunAsync(
        PolicyServerOptions options,
        string protocol,
        double? seconds,
        CancellationToken cancellation
    )
    {
        await using var server = new PolicyServer(options);
        try
        {
            await server.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new UsageException(
                $"cannot listen at {options.Address}: {e.Message.ReplaceLineEndings(" ")}; choose another address with "
                    + "--listen",
                e
            );
        }

        Console.WriteLine(
            $"serving {options.Policy.Directory} by {protocol}'s protocol at {server.Address.Authority}, for up to "
                + $"{options.MostClients} clients"
        );
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

    /// <summary>Where to listen: as the HTTP API's, or <c>HOST:PORT</c> alone.</summary>
    private static Uri Address(string text)
    {
        var url = text.Contains("://", StringComparison.Ordinal) ? text.Replace("ws://", "http://") : $"http://{text}";
        try
        {
            return HttpAddress.Parse(url) ?? throw new UsageException("");
        }
        catch (UsageException)
        {
            throw new UsageException(
                $"--listen is '{text}': allowed is http://127.0.0.1:PORT, or the address of this machine in numbers "
                    + "(with a token)"
            );
        }
    }
}
