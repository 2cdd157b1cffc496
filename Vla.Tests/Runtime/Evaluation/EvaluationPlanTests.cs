using Vla.Runtime.Evaluation;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Tests.Runtime.Evaluation;

public sealed class EvaluationPlanTests
{
    [Theory]
    [InlineData(WorldLevel.Level1)]
    [InlineData(WorldLevel.Level2)]
    public void The_four_kinds_are_equal_parts_and_each_can_be_done(WorldLevel level)
    {
        var episodes = new EvaluationPlan { Episodes = 200, Level = level }.Lay();

        Assert.All(
            Enum.GetValues<TaskKind>(),
            kind => Assert.Equal(50, episodes.Count(episode => episode.Assignment.Task.Kind == kind))
        );
        Assert.All(episodes, episode => Assert.True(TaskFeasibility.CanDo(episode.Lay(), episode.Assignment.Task)));
        Assert.All(
            episodes,
            episode =>
                Assert.Equal(episode.Assignment.Task, TaskWords.Find(episode.Lay(), episode.Assignment.Instruction))
        );
        Assert.Equal(Enumerable.Range(0, 200), episodes.Select(episode => episode.Number));
    }

    [Fact]
    public void The_same_seed_gives_the_same_episodes_and_another_seed_other_tables()
    {
        var plan = new EvaluationPlan { Episodes = 40, Seed = 3 };

        Assert.Equal(plan.Lay(), plan.Lay());
        Assert.Empty(
            plan.Lay()
                .Select(episode => episode.WorldSeed)
                .Intersect((plan with { Seed = 4 }).Lay().Select(episode => episode.WorldSeed))
        );
    }

    [Fact]
    public void No_table_is_one_that_demonstrations_are_recorded_on()
    {
        var episodes = new EvaluationPlan { Episodes = 8, Seed = 2 }.Lay();

        Assert.All(episodes, episode => Assert.InRange(episode.WorldSeed, 1_002_000_000, 1_002_999_999));
    }

    [Fact]
    public void The_phrasing_changes_the_words_and_nothing_else()
    {
        var trained = new EvaluationPlan { Episodes = 40 }.Lay();
        var keptApart = new EvaluationPlan { Episodes = 40, Phrasing = Phrasing.HeldOut }.Lay();

        Assert.Equal(trained.Select(Task), keptApart.Select(Task));
        Assert.All(
            trained.Zip(keptApart),
            pair => Assert.NotEqual(pair.First.Assignment.Instruction, pair.Second.Assignment.Instruction)
        );

        static (long, WorldTask) Task(Episode episode) => (episode.WorldSeed, episode.Assignment.Task);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, -1)]
    [InlineData(1, 1_000_001)]
    public void What_is_out_of_range_is_refused(int episodes, long seed) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EvaluationPlan { Episodes = episodes, Seed = seed }.Lay());
}
