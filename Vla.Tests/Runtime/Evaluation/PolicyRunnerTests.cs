using System.Text.Json;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Stages;
using Vla.Runtime.Evaluation;
using Vla.Sensors.Simulation;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Evaluation;

/// <summary>The real stages around stand-in modules.</summary>
public sealed class PolicyRunnerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new TemporaryDirectory().With(TestData.NotebookPolicy);

    public PolicyRunnerTests()
    {
        // The notebook's ten tokens are too few for some of the tabletop's phrases.
        var config = _directory.File(StagedPolicy.ConfigFile);
        File.WriteAllText(
            config,
            File.ReadAllText(config)
                .Replace("\"sequence_length\": 10", "\"sequence_length\": 16", StringComparison.Ordinal)
        );
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_world_is_moved_as_the_decoder_says()
    {
        // Normalised: to the right as fast as it goes, jaw closed.
        var modules = Modules(_ => tensor([1.5f, 0, 0, 0, 0, 0, -1], [1, 7]));

        var result = await RunOneAsync(modules);

        var (before, after) = (result.States[0].Gripper, result.States[^1].Gripper);
        Assert.False(result.Succeeded);
        Assert.Equal(Gripper.MaximumX, after.X, 6);
        Assert.Equal((before.Y, 0.0), (after.Y, after.Jaw));
        Assert.Equal(before.X + 0.021, result.States[1].Gripper.X, 3);
    }

    [Fact]
    public void A_policy_that_cannot_read_the_instructions_is_refused_before_the_first_episode()
    {
        var error = Assert.Throws<PolicyException>(() =>
            new PolicyRunner(StagedPolicy.Load(TestData.NotebookPolicy), CPU)
        );

        Assert.Contains("cannot read the tabletop's instructions, such as \"", error.Message, StringComparison.Ordinal);
        Assert.Contains("and 10 are read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_seen_changes_with_what_is_done()
    {
        var seen = new List<float>();
        var modules = Modules(_ => tensor([1.5f, 0, 0, 0, 0, 0, -1], [1, 7])) with
        {
            Vision = () =>
                StandIns.Calling(picture =>
                {
                    Assert.Equal([1, 3, 224, 224], picture.shape);
                    seen.Add(picture.mean().item<float>());
                    return zeros(1, 2);
                }),
        };

        var result = await RunOneAsync(modules);

        Assert.Equal(result.States.Count - 1, seen.Count);
        Assert.True(seen.Distinct().Count() > seen.Count / 2);
    }

    [Fact]
    public async Task The_same_plan_gives_the_same_report_however_many_run_side_by_side()
    {
        var plan = new EvaluationPlan { Episodes = 4, Seed = 1 };
        var policy = StagedPolicy.Load(_directory.Path);
        var modules = Modules(fused => cat([fused, fused, fused, fused[.., ..1]], 1));
        await using var alone = new PolicyRunner(policy.With(modules), CPU);
        await using var other = new PolicyRunner(policy.With(modules), CPU);

        var one = await PolicyEvaluation.RunAsync([alone], plan, null, CancellationToken.None);
        var two = await PolicyEvaluation.RunAsync([alone, other], plan, null, CancellationToken.None);

        Assert.Equal(Json(one), Json(two));
        Assert.Equal(one.Select(LastHand), two.Select(LastHand));

        string Json(IReadOnlyList<EpisodeResult> results) =>
            JsonSerializer.Serialize(
                EvaluationReport.Of("x", plan, realTime: false, results),
                EvaluationJson.Default.EvaluationReport
            );
        static Gripper LastHand(EpisodeResult result) => result.States[^1].Gripper;
    }

    [Fact]
    public async Task A_stage_that_fails_ends_the_evaluation_with_its_reason()
    {
        var modules = Modules(_ => throw new InvalidOperationException("no such layer"));

        var failed = await Assert.ThrowsAsync<PolicyException>(() => RunOneAsync(modules));

        Assert.Equal("the policy failed: no such layer", failed.Message);
    }

    [Fact]
    public async Task A_stage_that_hangs_ends_the_evaluation_with_its_name()
    {
        using var release = new ManualResetEventSlim();
        var modules = Modules(_ =>
        {
            release.Wait();
            return zeros(1, 7);
        });
        var runner = new PolicyRunner(
            StagedPolicy.Load(_directory.Path).With(modules),
            CPU,
            new HangLimits { Name = TimeSpan.Zero, GiveUp = TimeSpan.FromMilliseconds(1) }
        );

        var hang = await Assert.ThrowsAsync<HangException>(() =>
            runner.RunAsync(new EvaluationPlan { Episodes = 1 }.Lay()[0], CancellationToken.None)
        );

        Assert.Matches("^the action decoder hangs: for .* s at forward$", hang.Message);
        release.Set();
        await runner.DisposeAsync();
    }

    [Theory]
    [InlineData("\"units\": [\"m\", \"m\"", "\"units\": [\"mm\", \"mm\"", "x (mm)")]
    [InlineData("\"yaw\", \"gripper\"", "\"yaw\", \"jaw\"", "jaw (1)")]
    public void A_policy_for_another_arm_is_refused(string old, string replacement, string named)
    {
        _directory.Edit("config.json", old, replacement);

        var refused = Assert.Throws<PolicyException>(() => new PolicyRunner(StagedPolicy.Load(_directory.Path), CPU));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.Contains(
            "x (m), y (m), z (m), roll (rad), pitch (rad), yaw (rad), gripper (1)",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_policy_that_wants_to_know_more_than_the_arm_tells_is_refused()
    {
        var refused = Assert.Throws<PolicyException>(() =>
            new StateAsSeen(new StateSpec(["x", "force"], ["m", "N"], [0f, 0f], [1f, 1f]))
        );

        Assert.Contains("force (N)", refused.Message, StringComparison.Ordinal);
    }

    private async Task<EpisodeResult> RunOneAsync(PolicyModules modules)
    {
        await using var runner = new PolicyRunner(StagedPolicy.Load(_directory.Path).With(modules), CPU);
        return await runner.RunAsync(new EvaluationPlan { Episodes = 1 }.Lay()[0], CancellationToken.None);
    }

    private static PolicyModules Modules(Func<Tensor, Tensor> decode) =>
        new(StandIns.MeanEncoder, StandIns.FirstToken, StandIns.Sum, () => StandIns.Calling(decode));
}
