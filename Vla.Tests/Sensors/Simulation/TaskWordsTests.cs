using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Sensors.Simulation;

public sealed class TaskWordsTests
{
    private static readonly TaskKind[] Kinds = Enum.GetValues<TaskKind>();

    private readonly Tabletop _table = With(
        Hand(0, 0, 0.15),
        Cube(Red, -0.1, 0.1),
        Cube(Red, 0.1, 0.1),
        Cube(Blue, 0, 0.05)
    );

    [Fact]
    public void Each_kind_of_task_has_phrases_enough_and_those_kept_apart_are_others()
    {
        foreach (var kind in Kinds)
        {
            var (train, heldOut) = (
                TaskWords.Templates(kind, Phrasing.Train),
                TaskWords.Templates(kind, Phrasing.HeldOut)
            );
            Assert.True(train.Distinct().Count() >= 6);
            Assert.True(heldOut.Distinct().Count() >= 3);
            Assert.Empty(train.Intersect(heldOut));
        }
    }

    [Fact]
    public void Phrases_kept_apart_use_known_words_only() =>
        Assert.Empty(TaskWords.Vocabulary(Phrasing.HeldOut).Except(TaskWords.Vocabulary(Phrasing.Train)));

    [Theory]
    [InlineData(Phrasing.Train)]
    [InlineData(Phrasing.HeldOut)]
    public void Whatever_is_said_is_understood_as_it_was_meant(Phrasing phrasing)
    {
        var vocabulary = TaskWords.Vocabulary(phrasing);
        for (var seed = 0; seed < 20; seed++)
        {
            var table = Tabletop.Create(seed, WorldLevel.Level2);
            var random = new WorldRandom(seed);
            foreach (var task in WorldTask.All(table))
            {
                var text = TaskWords.Say(table, task, phrasing, random);
                Assert.Equal(task, TaskWords.Find(table, text));
                Assert.Empty(text.Split(' ').Except(vocabulary));
            }
        }
    }

    [Fact]
    public void No_two_tasks_share_a_phrase()
    {
        var templates = Kinds.SelectMany(kind =>
            TaskWords.Templates(kind, Phrasing.Train).Concat(TaskWords.Templates(kind, Phrasing.HeldOut))
        );

        Assert.Equal(templates.Count(), templates.Distinct().Count());
    }

    [Theory]
    [InlineData("Put the blue block on the WHITE tray!", TaskKind.Put, 2, 0, 0)]
    [InlineData("  please, put the blue cube on a white tray ", TaskKind.Put, 2, 0, 0)]
    [InlineData("pick up the left red block", TaskKind.Pick, 0, -1, 0)]
    [InlineData("push the right red cube to the left.", TaskKind.Push, 1, -1, -1)]
    [InlineData("Hover over the blue cube", TaskKind.Reach, 2, -1, 0)]
    public void Typed_instructions_are_found(string text, TaskKind kind, int block, int tray, int direction) =>
        Assert.Equal(new WorldTask(kind, block, tray, direction), TaskWords.Find(_table, text));

    [Theory]
    [InlineData("")]
    [InlineData("make me a coffee")]
    [InlineData("pick up the red block")] // which one?
    [InlineData("pick up the green block")] // there is none
    [InlineData("pick up the left blue block")] // there is only one
    [InlineData("put the blue block on the orange tray")] // there is none
    [InlineData("pick up the blue block and eat it")]
    public void Instructions_that_mean_nothing_here_are_not_found(string text) =>
        Assert.Null(TaskWords.Find(_table, text));

    [Fact]
    public void Left_and_right_are_as_things_are_now()
    {
        var swapped = With(Hand(0, 0, 0.15), Cube(Red, 0.1, 0.1), Cube(Red, -0.1, 0.1));

        Assert.Equal(0, TaskWords.Find(_table, "lift the left red block")?.Block);
        Assert.Equal(1, TaskWords.Find(swapped, "lift the left red block")?.Block);
    }

    [Fact]
    public void Twins_one_behind_the_other_cannot_be_named()
    {
        var table = With(Hand(0, 0, 0.15), Cube(Red, 0.1, 0.1), Cube(Red, 0.11, 0));

        Assert.False(TaskWords.CanName(table, 0));
        Assert.Null(TaskWords.Find(table, "lift the left red block"));
        Assert.DoesNotContain(TaskFeasibility.Offers(table), task => task.Block == 0);
    }
}
