using System.Text.Json;
using System.Text.Json.Nodes;
using Vla.Runtime.Evaluation;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Tests.Runtime.Evaluation;

public sealed class PolicyEvaluationTests
{
    [Theory]
    [InlineData(WorldLevel.Level1, Phrasing.Train)]
    [InlineData(WorldLevel.Level2, Phrasing.HeldOut)]
    public async Task The_expert_succeeds(WorldLevel level, Phrasing phrasing)
    {
        var plan = new EvaluationPlan
        {
            Episodes = 100,
            Seed = 9,
            Level = level,
            Phrasing = phrasing,
        };

        var results = await PolicyEvaluation.RunAsync([new ExpertRunner()], plan, null, CancellationToken.None);

        Assert.All(results, result => Assert.True(result.Succeeded, $"{result.Episode}: {result.Reason}"));
        Assert.All(results, result => Assert.Empty(result.States));
    }

    [Fact]
    public async Task Results_are_in_the_order_of_the_plan_and_the_first_failures_can_be_looked_at()
    {
        var plan = new EvaluationPlan { Episodes = 40 };
        var told = new List<EvaluationProgress>();

        var results = await PolicyEvaluation.RunAsync(
            [new Idle(), new Idle(), new Idle()],
            plan,
            told.Add,
            CancellationToken.None
        );

        Assert.Equal(plan.Lay(), results.Select(result => result.Episode));
        Assert.Equal(
            Enumerable.Range(0, PolicyEvaluation.MostKeptFailures),
            results.Where(result => result.States.Count > 0).Select(result => result.Episode.Number)
        );
        Assert.Equal(Enumerable.Range(1, 40), told.Select(progress => progress.Done));
        Assert.Equal(new EvaluationProgress(40, 40, 0), told[^1]);
    }

    [Fact]
    public async Task One_that_fails_ends_the_others()
    {
        var patient = new Waiting();

        var failed = await Assert.ThrowsAsync<EvaluationException>(() =>
            PolicyEvaluation.RunAsync(
                [patient, new Broken()],
                new EvaluationPlan { Episodes = 9 },
                null,
                CancellationToken.None
            )
        );

        Assert.Equal("broken", failed.Message);
    }

    [Fact]
    public async Task One_that_is_stopped_gives_the_figures_of_what_was_done()
    {
        var plan = new EvaluationPlan { Episodes = 9 };
        using var stop = new CancellationTokenSource();

        var results = await PolicyEvaluation.RunAsync(
            [new Idle()],
            plan,
            progress =>
            {
                if (progress.Done == 3)
                    stop.Cancel();
            },
            stop.Token
        );

        Assert.Equal([0, 1, 2], results.Select(result => result.Episode.Number));
        var report = EvaluationReport.Of("expert", plan, realTime: false, results);
        Assert.Equal((3, 9, false), (report.Episodes, report.Planned, report.IsComplete));
    }

    [Fact]
    public async Task The_report_says_it_all_in_JSON()
    {
        var plan = new EvaluationPlan
        {
            Episodes = 8,
            Seed = 5,
            Level = WorldLevel.Level2,
            Phrasing = Phrasing.HeldOut,
        };
        var expert = await PolicyEvaluation.RunAsync([new ExpertRunner()], plan, null, CancellationToken.None);
        EpisodeResult[] results =
        [
            .. expert.Select(
                (result, i) =>
                    i switch
                    {
                        1 => result with { Reason = Rollout.Timeout, Seconds = 9 },
                        5 => result with { Reason = "the red block was lifted" },
                        _ => result with { Seconds = i + 1 },
                    }
            ),
        ];

        var json = JsonNode.Parse(
            JsonSerializer.Serialize(
                EvaluationReport.Of("expert", plan, realTime: false, results),
                EvaluationJson.Default.EvaluationReport
            )
        )!;

        Assert.Equal(
            [
                "policy",
                "world",
                "phrasing",
                "seed",
                "real_time",
                "planned",
                "episodes",
                "successes",
                "success_rate",
                "interval",
                "mean_time_to_success_s",
                "tasks",
                "failures",
            ],
            json.AsObject().Select(member => member.Key)
        );
        Assert.Equal(
            ("expert", "level2", "held-out", 5, false),
            (
                (string?)json["policy"],
                (string?)json["world"],
                (string?)json["phrasing"],
                (int)json["seed"]!,
                (bool)json["real_time"]!
            )
        );
        Assert.Equal((8, 6, 0.75), ((int)json["episodes"]!, (int)json["successes"]!, (double)json["success_rate"]!));
        Assert.Equal(0.4093, (double)json["interval"]![0]!, 4);
        Assert.Equal(0.9285, (double)json["interval"]![1]!, 4);
        Assert.Equal((1 + 3 + 4 + 5 + 7 + 8) / 6.0, (double)json["mean_time_to_success_s"]!, 2);
        Assert.Equal(["reach", "pick", "put", "push"], json["tasks"]!.AsObject().Select(member => member.Key));
        var pick = json["tasks"]!["pick"]!;
        Assert.Equal((2, 0, 0.0), ((int)pick["episodes"]!, (int)pick["successes"]!, (double)pick["success_rate"]!));
        Assert.Null(pick["mean_time_to_success_s"]);
        Assert.Equal((1, 1), ((int)pick["reasons"]!["timeout"]!, (int)pick["reasons"]!["another block was lifted"]!));
        var failure = json["failures"]![1]!;
        Assert.Equal(
            (5, "pick", "the red block was lifted"),
            ((int)failure["episode"]!, (string?)failure["task"], (string?)failure["reason"])
        );
        Assert.Equal(results[5].Episode.WorldSeed, (long)failure["world_seed"]!);
        Assert.Equal(results[5].Episode.Assignment.Instruction, (string?)failure["instruction"]);
    }

    /// <summary>Does nothing until the time is over.</summary>
    private sealed class Idle : IEpisodeRunner
    {
        public Task<EpisodeResult> RunAsync(Episode episode, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            var rollout = new Rollout(episode);
            while (!rollout.IsOver)
                rollout.Step(WorldAction.Rest(1));
            return Task.FromResult(rollout.Result());
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Waiting : IEpisodeRunner
    {
        public async Task<EpisodeResult> RunAsync(Episode episode, CancellationToken cancellation)
        {
            return await new TaskCompletionSource<EpisodeResult>().Task.WaitAsync(cancellation);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Broken : IEpisodeRunner
    {
        public Task<EpisodeResult> RunAsync(Episode episode, CancellationToken cancellation) =>
            throw new EvaluationException("broken");

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
