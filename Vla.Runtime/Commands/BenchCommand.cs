using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Scheduling;
using Vla.Actors.Torch;
using Vla.Runtime.Bench;
using Vla.Runtime.Hosting;
using Vla.Runtime.Serving.Measuring;
using Vla.Runtime.Settings;

namespace Vla.Runtime.Commands;

/// <summary><c>vla bench</c>: how fast and how punctual the real actors are on this machine.</summary>
internal static class BenchCommand
{
    private const double DefaultSeconds = 30;
    private const double ShortestSeconds = 0.5;
    private const double LongestSeconds = 600;
    private const int FileWidth = 110;
    private const int UsualExchanges = 10_000;
    private const int MostExchanges = 1_000_000;

    public static Command Create()
    {
        var json = new Option<string?>("--json")
        {
            HelpName = "FILE",
            Description = "Write the figures to a file as JSON, too",
        };
        var seconds = new Option<double>("--seconds")
        {
            HelpName = "N",
            Description = "How long each measurement takes, roughly; 2 for a quick look of under a minute",
            DefaultValueFactory = _ => DefaultSeconds,
        };
        var only = new Option<string[]>("--only")
        {
            HelpName = "NAME,…",
            Description = $"Only some: {string.Join(", ", BenchSuite.All.Select(measurement => measurement.Name))}",
        };
        var realTime = new Option<bool>("--real-time")
        {
            Description =
                "Run the control thread in the real-time class where that is allowed, as the setting control:realTime "
                + "does; false shows what it gains",
            DefaultValueFactory = _ => true,
        };
        var scheduling = new Option<string>("--scheduling")
        {
            HelpName = "tuned|plain",
            Description = "What runs where, as the setting stages:scheduling does; plain shows what tuned gains",
            DefaultValueFactory = _ => "tuned",
        }.AcceptOnlyFromAmong("tuned", "plain");
        var policy = PolicyOptions.Policy();
        var libraries = PolicyOptions.Libraries();
        var choices = PolicyOptions.Choices();
        var instruction = new Option<string?>("--instruction")
        {
            HelpName = "TEXT",
            Description = "What a policy of another family is told (default: pick up the red block)",
        };
        var serving = new Option<bool>("--serving")
        {
            Description =
                "Instead: what vla serve and policies behind a wire add to the wire itself, and several clients of the "
                + "policy at once",
        };
        var exchanges = new Option<int>("--exchanges")
        {
            HelpName = "N",
            Description = "With --serving: how often each wire is gone over and back",
            DefaultValueFactory = _ => UsualExchanges,
        };
        var command = new Command(
            "bench",
            "Measure speed, punctuality and memory of the whole pipeline on this machine, one thing at a time (about "
                + "4 minutes)."
        )
        {
            json,
            seconds,
            only,
            realTime,
            scheduling,
            policy,
            libraries,
            instruction,
            serving,
            exchanges,
        };
        choices.AddTo(command);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var chosen = BenchSuite.Choose(parsed.GetValue(only) ?? []);
                var length = Bounds.Require("--seconds", parsed.GetValue(seconds), ShortestSeconds, LongestSeconds);
                PolicyOptions.Register(parsed, libraries);
                var directory = PolicyOptions.Directory(parsed, policy);
                var of = BoundedWork.Run(
                    "loading the policy",
                    BoundedWork.Bound,
                    () => PolicyFamilies.Load(directory).Choosing(choices.Of(parsed))
                );
                if (parsed.GetValue(serving))
                {
                    if (parsed.GetValue(only) is { Length: > 0 } || parsed.GetValue(json) is not null)
                        throw new UsageException("--only and --json do not go with --serving: leave them out");
                    await new ServingBench(
                        of,
                        TorchDevice.Select("auto"),
                        parsed.InvocationConfiguration.Output,
                        cancellation
                    ).RunAsync(Bounds.Require("--exchanges", parsed.GetValue(exchanges), 1, MostExchanges), length);
                    return ExitCodes.Success;
                }

                if (of is not StagedPolicy loaded)
                {
                    if (parsed.GetValue(only) is { Length: > 0 } || parsed.GetValue(json) is not null)
                        throw new UsageException(
                            "--only and --json are for policies of Vla's own; of others the time for a chunk is "
                                + "measured: leave them out"
                        );
                    await PolicyBench.RunAsync(
                        of,
                        parsed.GetValue(instruction),
                        TorchDevice.Select("auto"),
                        length,
                        new ThreadSettings().ForThisMachine().Vision,
                        parsed.InvocationConfiguration.Output,
                        cancellation
                    );
                    return ExitCodes.Success;
                }

                // Before the work: minutes of it must not end in a file that cannot be written.
                using var file = parsed.GetValue(json) is { } path ? Create(path) : null;

                if (loaded.Pictures is { Count: > 1 } pictures)
                    throw new UsageException(
                        $"--policy {loaded.Directory} wants {pictures.Count} pictures "
                            + $"({string.Join(", ", pictures)}): bench measures policies of one"
                    );
                var context = new BenchContext
                {
                    Policy = loaded,
                    Device = TorchDevice.Select("auto"),
                    Threads = new ThreadSettings().ForThisMachine(),
                    RealTime = parsed.GetValue(realTime),
                    Scheduling = parsed.GetValue(scheduling) == "plain" ? SchedulingMode.Plain : SchedulingMode.Tuned,
                    Seconds = length,
                    Say = (_, _) => { },
                    Cancellation = cancellation,
                };
                BenchReport report;
                try
                {
                    report = await BenchProgress.ShowAsync(say =>
                        BenchSuite.RunAsync(chosen, context with { Say = say })
                    );
                }
                catch (OperationCanceledException)
                {
                    throw new BenchException("stopped before the end: there are no figures");
                }

                if (file is not null)
                    await JsonSerializer.SerializeAsync(
                        file,
                        report,
                        BenchJson.Default.BenchReport,
                        CancellationToken.None
                    );
                // A file or a pipe has no width of its own; the tables need this much.
                if (Console.IsOutputRedirected)
                    AnsiConsole.Console.Profile.Width = FileWidth;
                BenchTable.Write(AnsiConsole.Console, report);
                return ExitCodes.Success;
            }
        );
        return command;
    }

    private static FileStream Create(string path)
    {
        try
        {
            return File.Create(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"--json file '{path}' cannot be written: {e.Message}", e);
        }
    }
}
