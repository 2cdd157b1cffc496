using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Actors.Torch;
using Vla.Runtime.Evaluation;
using Vla.Runtime.Hosting;
using Vla.Runtime.Policies;
using Vla.Runtime.Simulation;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary><c>vla eval</c>: how often a policy does what it is told, in the simulated world.</summary>
internal static class EvalCommand
{
    private const int DefaultEpisodes = 400;
    private const int FileWidth = 130;
    private const string NoFigures = "stopped before an episode had ended: there are no figures";

    public static Command Create()
    {
        var policy = new Option<string>("--policy")
        {
            HelpName = "POLICY",
            Description = $"What decides: {PolicyRegistry.Help}",
            DefaultValueFactory = _ => ProjectPaths.TabletopPolicy,
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
            Description =
                $"0 to {EvaluationPlan.LargestSeed}: others have other tables; none has one that demonstrations are "
                + "recorded on",
        };
        var world = new Option<string>("--world")
        {
            Description = "How hard",
            DefaultValueFactory = _ => EvaluationReport.NameOf(WorldLevel.Level1),
        }.AcceptOnlyFromAmong([.. Enum.GetValues<WorldLevel>().Select(EvaluationReport.NameOf)]);
        var phrasing = new Option<string>("--phrasing")
        {
            Description = "Words as in training, or kept apart from it",
            DefaultValueFactory = _ => EvaluationReport.NameOf(Phrasing.Train),
        }.AcceptOnlyFromAmong([.. Enum.GetValues<Phrasing>().Select(EvaluationReport.NameOf)]);
        var realTime = new Option<bool>("--real-time")
        {
            Description = "Against the clock, through the whole pipeline of vla run, one episode at a time",
        };
        var json = new Option<string?>("--json")
        {
            HelpName = "FILE",
            Description = "Write the figures to a file as JSON, too",
        };
        var video = new Option<string?>("--video")
        {
            HelpName = "FILE|DIR",
            Description =
                $"Film the first {PolicyEvaluation.MostKeptFailures} failures: one .mp4 file, or a folder for a file "
                + "each (default: beside the --json file)",
        };
        var require = new Option<double?>("--require")
        {
            HelpName = "RATE",
            Description = "Exit with 1 when a smaller share than this succeeds, 0 to 1",
        };
        var device = PolicyOptions.Device();
        var libraries = PolicyOptions.Libraries();
        var choices = PolicyOptions.Choices();

        var command = new Command(
            "eval",
            "Try a policy on tasks in the simulated world and count how often it succeeds."
        )
        {
            policy,
            episodes,
            seed,
            world,
            phrasing,
            realTime,
            json,
            video,
            require,
            device,
            libraries,
        };
        choices.AddTo(command);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                var plan = new EvaluationPlan
                {
                    Episodes = Bounds.Require("--episodes", parsed.GetValue(episodes), 1, EvaluationPlan.MostEpisodes),
                    Seed = Bounds.Require("--seed", parsed.GetValue(seed), 0, EvaluationPlan.LargestSeed),
                    Level = Enum.GetValues<WorldLevel>()
                        .Single(level => EvaluationReport.NameOf(level) == parsed.GetValue(world)),
                    Phrasing = Enum.GetValues<Phrasing>()
                        .Single(words => EvaluationReport.NameOf(words) == parsed.GetValue(phrasing)),
                };
                var required = parsed.GetValue(require);
                if (required is { } share)
                    Bounds.Require("--require", share, 0, 1);
                // Before the work: minutes of it must not end in a file that cannot be written.
                var figures = parsed.GetValue(json);
                using var file = figures is null ? null : CreateFile("--json", figures);
                var film =
                    parsed.GetValue(video) ?? (figures is null ? null : Path.ChangeExtension(figures, "failures.mp4"));
                if (film is not null)
                    MakeRoom(film);

                PolicyOptions.Register(parsed, libraries);
                var name = parsed.GetValue(policy)!;
                var clock = parsed.GetValue(realTime);
                var results = await RunAsync(
                    name,
                    choices.Of(parsed),
                    parsed.GetValue(device)!,
                    plan,
                    clock,
                    cancellation
                );
                if (results.Count == 0)
                    throw new EvaluationException(NoFigures);
                var report = EvaluationReport.Of(name, plan, clock, results);
                if (file is not null)
                    await JsonSerializer.SerializeAsync(
                        file,
                        report,
                        EvaluationJson.Default.EvaluationReport,
                        CancellationToken.None
                    );
                // A file or a pipe has no width of its own; the table needs this much.
                if (Console.IsOutputRedirected)
                    AnsiConsole.Console.Profile.Width = FileWidth;
                EvaluationTable.Write(AnsiConsole.Console, report);
                if (film is not null && FailureVideo.Write(film, results) is var filmed and > 0)
                    AnsiConsole.Console.WriteLine(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{filmed} of {report.Failures.Count} failures can be seen in {film}"
                        )
                    );
                return report.IsComplete && report.SuccessRate >= (required ?? 0)
                    ? ExitCodes.Success
                    : ExitCodes.Failure;
            }
        );
        return command;
    }

    private static async Task<IReadOnlyList<EpisodeResult>> RunAsync(
        string name,
        PolicyChoices choices,
        string device,
        EvaluationPlan plan,
        bool realTime,
        CancellationToken cancellation
    )
    {
        // The expert of an evaluation has a world of its own for every episode.
        var decider = PolicyRegistry.Parse(name, Environment.CurrentDirectory);
        var policy = decider.NeedsWorld
            ? null
            : BoundedWork.Run(
                "loading the policy",
                BoundedWork.Bound,
                () => decider.Load(PolicyContext.WithoutWorld with { Choices = choices }).Driving(TabletopFit.Naming)
            );
        foreach (var remark in policy?.Remarks ?? [])
            Console.Error.WriteLine($"policy: {remark}");
        if (policy is { TakesWords: false })
            Console.Error.WriteLine($"{InstructionCheck.NoWords}; the tasks are given in words");
        if (policy is not null && TabletopFit.UnknownWords(policy, plan.Phrasing) is { Count: > 0 } unknown)
            Console.Error.WriteLine(
                $"the policy does not know {InstructionWords.Quoted(unknown)}, which instructions of this evaluation "
                    + "have"
            );
        var computesOn = policy is null ? CPU : TorchDevice.Select(device);
        var options = realTime ? new RealTimeOptions { Profile = RobotProfile.Load(ProjectPaths.TabletopRobot) } : null;
        try
        {
            return await EvaluationProgressLine.ShowAsync(
                TimeProvider.System,
                say =>
                    (policy, options) switch
                    {
                        (_, not null) => PolicyEvaluation.RunInRealTimeAsync(
                            policy,
                            computesOn,
                            options,
                            plan,
                            say,
                            cancellation
                        ),
                        (not null, _) => PolicyEvaluation.RunAsync(
                            policy,
                            computesOn,
                            plan,
                            say,
                            cancellation: cancellation
                        ),
                        _ => PolicyEvaluation.RunAsync([new ExpertRunner()], plan, say, cancellation),
                    }
            );
        }
        catch (OperationCanceledException)
        {
            throw new EvaluationException(NoFigures);
        }
    }

    private static FileStream CreateFile(string option, string path)
    {
        try
        {
            return File.Create(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{option} file '{path}' cannot be written: {e.Message}", e);
        }
    }

    /// <summary>
    /// Makes sure that a film can be written, and that none of an earlier evaluation is taken for this one's.
    /// </summary>
    private static void MakeRoom(string film)
    {
        if (FailureVideo.IsFile(film))
        {
            CreateFile("--video", film).Dispose();
            File.Delete(film);
            return;
        }

        try
        {
            Directory.CreateDirectory(film);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"--video folder '{film}' cannot be made: {e.Message}", e);
        }
    }
}
