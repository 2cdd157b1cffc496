using Vla.Actors.Control;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Runtime.Evaluation;
using Vla.Runtime.Simulation;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Simulation;

/// <summary>The whole pipeline against the clock, with all the time that a busy machine may need.</summary>
[Collection(AgainstTheClock.Name)]
public sealed class RealTimeEpisodesTests
{
    private static readonly RealTimeOptions Options = new()
    {
        Profile = RobotProfile.Load(Repository.File("config/robots/tabletop.json")),
        Control = new ControlOptions { MaximumActionAgeMs = 10_000 },
        Camera = new WorldCameraSource(WorldView.Front, 64, 48),
        World = new() { AttemptSeconds = 120 },
    };

    [Fact]
    public async Task The_expert_does_one_episode_after_another_as_the_judge_finds()
    {
        await using var episodes = await RealTimeEpisodes.StartWithExpertAsync(Options, CancellationToken.None);

        for (var seed = 1; seed <= 2; seed++)
        {
            var table = Tabletop.Create(seed, WorldLevel.Level1);
            var assignment = Assignment.Of(
                new WorldTask(TaskKind.Reach, 0),
                table,
                Phrasing.Train,
                new WorldRandom(seed)
            );

            var outcome = await episodes.RunAsync(table, assignment, CancellationToken.None);

            Assert.True(outcome.Succeeded, outcome.Reason);
            Assert.InRange(outcome.Seconds, TaskJudge.ReachSeconds, 120);
            Assert.All(outcome.States, state => Assert.Equal(seed, state.Seed));
            Assert.InRange(outcome.States[^1].Seconds, outcome.Seconds - 0.3, outcome.Seconds + 0.5);
            Assert.True(outcome.Actions > 0);
        }
    }

    [Theory]
    [InlineData(120, "")]
    [InlineData(0.5, Rollout.Timeout)]
    public async Task As_an_episode_runner_it_tells_how_an_episode_ended(double attemptSeconds, string reason)
    {
        await using var runner = new RealTimeRunner(
            await RealTimeEpisodes.StartWithExpertAsync(
                Options with
                {
                    World = new() { AttemptSeconds = attemptSeconds },
                },
                CancellationToken.None
            )
        );
        var assignment = new Assignment(new WorldTask(TaskKind.Pick, 0), "that one");

        var result = await runner.RunAsync(new Episode(0, 3, WorldLevel.Level1, assignment), CancellationToken.None);

        Assert.Equal(reason, result.Reason);
        Assert.Equal(result.Succeeded, result.States.Count == 0);
    }

    [Fact]
    public async Task An_episode_ends_when_it_is_cancelled()
    {
        await using var episodes = await RealTimeEpisodes.StartWithExpertAsync(Options, CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var table = Tabletop.Create(1, WorldLevel.Level1);

        var run = episodes.RunAsync(table, new Assignment(new WorldTask(TaskKind.Pick, 0), "pick"), cancellation.Token);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task A_policy_that_is_not_made_for_the_arm_is_refused()
    {
        var policy = StagedPolicy.InCode(
            "other",
            "",
            new(8, 8, [0, 0, 0], [1, 1, 1]),
            new ActionSpec(["x"], ["m"], [0], [1], 1, 20),
            new(() => null!, () => null!, () => null!, () => null!)
        );

        await Assert.ThrowsAsync<RobotProfileException>(() =>
            RealTimeEpisodes.StartAsync(policy, CPU, Options, CancellationToken.None)
        );
    }
}
