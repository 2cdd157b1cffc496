using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Sensors.Simulation;

public sealed class ExpertTests
{
    private const int MostSteps = 90;

    [Theory]
    [InlineData(WorldLevel.Level1)]
    [InlineData(WorldLevel.Level2)]
    public void The_expert_does_every_task_that_is_offered(WorldLevel level)
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var laid = Tabletop.Create(500_000 + seed, level);
            foreach (var task in TaskFeasibility.Offers(laid))
                Assert.Equal(TaskState.Succeeded, Run(laid.Clone(), task).State);
        }
    }

    [Fact]
    public void One_instruction_can_follow_another()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var table = Tabletop.Create(seed, WorldLevel.Level1);
            var random = new WorldRandom(seed);
            for (var i = 0; i < 5; i++)
            {
                var assignment = Assignment.Choose(table, Phrasing.Train, random, [1, 1, 1, 0]);
                var judge = Run(table, assignment.Task);
                Assert.True(
                    judge.State == TaskState.Succeeded,
                    $"seed {seed}, {i}: {assignment.Instruction}: {judge.State} {judge.Reason}"
                );
            }
        }
    }

    [Fact]
    public void What_the_hand_should_not_hold_is_put_down()
    {
        var table = With(
            Hand(0.1, 0.1, 0.12, Block.Size, held: 1),
            Cube(Red, -0.1, 0.1),
            Cube(Blue, 0.1, 0.1, z: 0.12)
        );

        Assert.Equal(TaskState.Succeeded, Run(table, new WorldTask(TaskKind.Put, 0, Tray: 0)).State);
        Assert.Equal(0.02, table.Blocks[1].Z, 6);
    }

    [Fact]
    public void A_jaw_that_has_closed_on_nothing_opens_and_rises()
    {
        var table = With(Hand(0.05, 0.1, 0.02, jaw: 0), Cube(Red, 0, 0.1));

        var action = Expert.Act(table, new WorldTask(TaskKind.Pick, 0));

        Assert.Equal(1, action.Gripper);
        Assert.True(action.Z > 0.02);
        Assert.Equal(0, action.X, 3);
        Assert.Equal(TaskState.Succeeded, Run(table, new WorldTask(TaskKind.Pick, 0)).State);
    }

    [Fact]
    public void A_push_is_begun_from_astride_a_block_too()
    {
        var table = With(Hand(0, 0.1, 0.02, jaw: 0.06), Cube(Red, 0, 0.1));

        Assert.Equal(TaskState.Succeeded, Run(table, new WorldTask(TaskKind.Push, 0, Direction: -1)).State);
    }

    [Fact]
    public void Actions_are_within_the_arms_limits_and_follow_from_the_state_alone()
    {
        var table = Tabletop.Create(9, WorldLevel.Level2);
        var task = TaskFeasibility.Offers(table).First(offer => offer.Kind == TaskKind.Put);
        for (var i = 0; i < 60; i++)
        {
            var action = Expert.Act(table, task);
            Assert.Equal(action, Expert.Act(table.Clone(), task));
            Assert.True(double.Hypot(action.X, action.Y) <= WorldAction.MaximumMove + 1e-6);
            Assert.True(
                Math.Abs(action.Z) <= WorldAction.MaximumMove + 1e-6
                    && Math.Abs(action.Yaw) <= WorldAction.MaximumTurn + 1e-6
            );
            Assert.True(action.Gripper is 0 or 1);
            table.Step(action);
        }
    }

    [Fact]
    public void A_plan_is_what_the_expert_then_does()
    {
        var table = Tabletop.Create(2, WorldLevel.Level2);
        var task = TaskFeasibility.Offers(table).First(offer => offer.Kind == TaskKind.Put);
        table.Act(new WorldAction(0.01f, 0, -0.01f, 0, 0, 0.1f, 1), 3);
        var before = Everything(table);
        var chunk = new WorldAction[10];

        Expert.Plan(table, task, table.Clone(), chunk);

        Assert.Equal(before, Everything(table));
        foreach (var planned in chunk)
        {
            Assert.Equal(Expert.Act(table, task), planned);
            table.Step(planned);
        }
    }

    [Fact]
    public void The_expert_recovers_from_noise_more_often_than_not()
    {
        int done = 0,
            disturbed = 0;
        for (var seed = 0; seed < 60; seed++)
        {
            var table = Tabletop.Create(seed, WorldLevel.Level2);
            var random = new WorldRandom(seed, stream: 3);
            var noise = new DemonstrationNoise(random);
            noise.DisturbStart(table);
            var task = Assignment.Choose(table, Phrasing.Train, random).Task;
            var judge = new TaskJudge(task, table);
            for (var i = 0; i < MostSteps && judge.State == TaskState.UnderWay; i++)
            {
                var wanted = Expert.Act(table, task);
                var action = noise.Disturb(wanted);
                if (action != wanted)
                    disturbed++;
                if (noise.IsClean)
                    Assert.Equal(wanted, action);
                table.Step(action);
                SoundState.Check(table);
                judge.Look(table);
            }

            if (judge.State == TaskState.Succeeded)
                done++;
        }

        Assert.True(disturbed > 300, $"{disturbed} actions were disturbed");
        Assert.True(done > 40, $"{done} of 60");
    }

    private static TaskJudge Run(Tabletop table, WorldTask task)
    {
        var judge = new TaskJudge(task, table);
        for (var i = 0; i < MostSteps && judge.State == TaskState.UnderWay; i++)
        {
            table.Step(Expert.Act(table, task));
            judge.Look(table);
        }

        return judge;
    }
}
