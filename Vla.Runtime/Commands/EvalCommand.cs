using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Vla.Actors.Policies;
using Vla.Actors.Torch;
using Vla.Runtime.Evaluation;
using Vla.Sensors.World;
using Vla.Sensors.World.Tasks;

namespace Vla.Runtime.Commands;

/// <summary><c>vla eval</c>: how often a policy does what it is told, in the simulated world.</summary>
public static class EvalCommand
{
    private const string ExpertName = "expert";
    private const int DefaultEpisodes = 400;
    private const int FileWidth = 130;

    public static Command Create()
    {
        var policy = new Option<string>("--policy")
        {
            HelpName = "DIR",
            Description = $"Policy directory, or {ExpertName}: the scripted one that knows the world's state",
            Required = true,
        };
        var episodes = new Option<int>("--episodes")
        {
            HelpName = "N",
            Description = $"1 to {EvaluationPlan.MostEpisodes}; the four kinds of tasks in equal parts",
            DefaultValueFactory = _ => DefaultEpisodes,
        };
        var seed = new Option<long>("--seed")
        {
            HelpName = "S",
            Description = $"0 to {EvaluationPlan.LargestSeed}: others have other tables; none has one that demonstrations are recorded on",
        };
        var world = new Option<string>("--world") { Description = "How hard", DefaultValueFactory = _ => EvaluationReport.NameOf(WorldLevel.Level1) }
            .AcceptOnlyFromAmong([.. Enum.GetValues<WorldLevel>().Select(EvaluationReport.NameOf)]);
        var phrasing = new Option<string>("--phrasing") { Description = "Words as in training, or kept apart from it", DefaultValueFactory = _ => EvaluationReport.NameOf(Phrasing.Train) }
            .AcceptOnlyFromAmong([.. Enum.GetValues<Phrasing>().Select(EvaluationReport.NameOf)]);
        var json = new Option<string?>("--json") { HelpName = "FILE", Description = "Write the figures to a file as JSON, too" };
        var require = new Option<double?>("--require") { HelpName = "RATE", Description = "Exit with 1 when a smaller share than this succeeds, 0 to 1" };
        var device = PolicyOptions.Device();

        var command = new Command("eval", "Try a policy on tasks in the simulated world and count how often it succeeds.")
        {
            policy, episodes, seed, world, phrasing, json, require, device,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var plan = new EvaluationPlan
            {
                Episodes = (int)InRange("--episodes", parsed.GetValue(episodes), 1, EvaluationPlan.MostEpisodes),
                Seed = InRange("--seed", parsed.GetValue(seed), 0, EvaluationPlan.LargestSeed),
                Level = Enum.GetValues<WorldLevel>().Single(level => EvaluationReport.NameOf(level) == parsed.GetValue(world)),
                Phrasing = Enum.GetValues<Phrasing>().Single(words => EvaluationReport.NameOf(words) == parsed.GetValue(phrasing)),
            };
            var required = parsed.GetValue(require);
            if (required is not (null or >= 0 and <= 1))
                throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--require is {required}: allowed is 0 to 1"));
            // Before the work: minutes of it must not end in a file that cannot be written.
            using var file = parsed.GetValue(json) is { } path ? CreateFile(path) : null;

            var name = parsed.GetValue(policy)!;
            var report = EvaluationReport.Of(name, plan, realTime: false, await RunAsync(name, parsed.GetValue(device)!, plan, cancellation));
            if (file is not null) await JsonSerializer.SerializeAsync(file, report, EvaluationJson.Default.EvaluationReport, CancellationToken.None);
            // A file or a pipe has no width of its own; the table needs this much.
            if (Console.IsOutputRedirected) AnsiConsole.Console.Profile.Width = FileWidth;
            EvaluationTable.Write(AnsiConsole.Console, report);
            return report.SuccessRate >= (required ?? 0) ? ExitCodes.Success : ExitCodes.Failure;
        });
        return command;
    }

    private static async Task<IReadOnlyList<EpisodeResult>> RunAsync(
        string policy, string device, EvaluationPlan plan, CancellationToken cancellation)
    {
        try
        {
            if (policy == ExpertName)
            {
                return await EvaluationProgressLine.ShowAsync(
                    TimeProvider.System, say => PolicyEvaluation.RunAsync([new ExpertRunner()], plan, say, cancellation));
            }

            var loaded = Policy.Load(policy);
            var computesOn = TorchDevice.Select(device);
            return await EvaluationProgressLine.ShowAsync(
                TimeProvider.System, say => PolicyEvaluation.RunAsync(loaded, computesOn, plan, say, cancellation: cancellation));
        }
        catch (OperationCanceledException)
        {
            throw new EvaluationException("stopped before the end: there are no figures");
        }
    }

    private static long InRange(string option, long value, long lowest, long highest) => value >= lowest && value <= highest
        ? value
        : throw new UsageException($"{option} is {value}: allowed is {lowest} to {highest}");

    private static FileStream CreateFile(string path)
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
