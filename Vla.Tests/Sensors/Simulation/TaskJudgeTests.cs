using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Sensors.Simulation;

public sealed class TaskJudgeTests
{
    private static readonly Block Target = Cube(Red, 0, 0.1);
    private static readonly Block Bystander = Cube(Blue, 0.15, 0.1);
    private static readonly Tabletop Start = With(Hand(0, 0, 0.15), Target, Bystander);

    [Fact]
    public void Reaching_takes_a_moment_above_the_block()
    {
        var table = With(Hand(0.01, 0.1, 0.1), Target, Bystander);
        var judge = new TaskJudge(new WorldTask(TaskKind.Reach, 0), table);

        Assert.Equal(TaskState.UnderWay, judge.Look(table));
        table.Act(WorldAction.Rest(1), 2);
        Assert.Equal(TaskState.UnderWay, judge.Look(table));
        table.Act(WorldAction.Rest(1), 1);
        Assert.Equal(TaskState.Succeeded, judge.Look(table));
    }

    [Theory]
    [InlineData(0.021, 0.1, 0.1)] // beside it
    [InlineData(0, 0.1, 0.15)] // too high
    [InlineData(0, 0.1, 0.05)] // too low
    [InlineData(0.15, 0.1, 0.1)] // above another
    public void Elsewhere_is_not_reached(double x, double y, double z)
    {
        var table = With(Hand(x, y, z), Target, Bystander);
        var judge = new TaskJudge(new WorldTask(TaskKind.Reach, 0), table);
        for (var i = 0; i < 10; i++)
        {
            judge.Look(table);
            table.Act(WorldAction.Rest(1), 1);
        }

        Assert.Equal(TaskState.UnderWay, judge.State);
    }

    [Fact]
    public void Passing_over_a_block_again_and_again_is_not_reaching_it()
    {
        var (above, beside) = (
            With(Hand(0, 0.1, 0.1), Target, Bystander),
            With(Hand(0.1, 0.1, 0.1), Target, Bystander)
        );
        var judge = new TaskJudge(new WorldTask(TaskKind.Reach, 0), above);
        for (var i = 0; i < 10; i++)
        {
            judge.Look(above);
            judge.Look(beside);
            above.Act(WorldAction.Rest(1), 2);
            beside.Act(WorldAction.Rest(1), 2);
        }

        Assert.Equal(TaskState.UnderWay, judge.State);
    }

    [Theory]
    [InlineData(0.095, TaskState.Succeeded)]
    [InlineData(0.085, TaskState.UnderWay)]
    public void Picking_is_holding_the_block_up(double z, TaskState expected) =>
        Assert.Equal(expected, Verdict(new WorldTask(TaskKind.Pick, 0), Holding(0, z)));

    [Theory]
    [InlineData(TaskKind.Reach)]
    [InlineData(TaskKind.Pick)]
    [InlineData(TaskKind.Put)]
    [InlineData(TaskKind.Push)]
    public void Lifting_another_block_is_a_failure(TaskKind kind)
    {
        var judge = new TaskJudge(Any(kind), Start);

        Assert.Equal(TaskState.UnderWay, judge.Look(Holding(1, 0.03)));
        Assert.Equal(TaskState.Failed, judge.Look(Holding(1, 0.06)));
        Assert.Equal("the blue block was lifted", judge.Reason);
        Assert.Equal(TaskState.Failed, judge.Look(Start));
    }

    [Theory]
    [InlineData(TaskKind.Reach)]
    [InlineData(TaskKind.Push)]
    public void Lifting_the_block_itself_is_a_failure_where_it_should_stay_down(TaskKind kind) =>
        Assert.Equal(TaskState.Failed, Verdict(Any(kind), Holding(0, 0.06)));

    [Fact]
    public void A_block_that_was_in_the_hand_at_the_start_may_be_put_down()
    {
        var start = Holding(1, 0.12);
        var judge = new TaskJudge(new WorldTask(TaskKind.Pick, 0), start);

        Assert.Equal(TaskState.UnderWay, judge.Look(start));
    }

    [Theory]
    [InlineData(-0.15, -0.12, 0.026, 0.08, 0.1, TaskState.Succeeded)]
    [InlineData(-0.112, -0.155, 0.026, 0.08, 0.1, TaskState.Succeeded)]
    [InlineData(-0.105, -0.12, 0.026, 0.08, 0.1, TaskState.UnderWay)] // too far from the middle
    [InlineData(-0.15, -0.12, 0.026, 0.05, 0.1, TaskState.UnderWay)] // jaw still about it
    [InlineData(-0.15, -0.12, 0.026, 0.08, 0.06, TaskState.UnderWay)] // hand still down
    [InlineData(-0.15, -0.12, 0.050, 0.08, 0.1, TaskState.UnderWay)] // still falling
    [InlineData(0.15, -0.12, 0.026, 0.08, 0.1, TaskState.UnderWay)] // the other tray
    public void Putting_is_letting_go_on_the_tray(
        double x,
        double y,
        double z,
        double jaw,
        double handZ,
        TaskState expected
    )
    {
        var table = With(Hand(x, y, handZ, jaw), Cube(Red, x, y, z), Bystander);

        Assert.Equal(expected, Verdict(new WorldTask(TaskKind.Put, 0, Tray: 0), table));
    }

    [Fact]
    public void A_held_block_is_not_put() =>
        Assert.Equal(
            TaskState.UnderWay,
            Verdict(
                new WorldTask(TaskKind.Put, 0, Tray: 0),
                With(Hand(-0.15, -0.12, 0.08, Block.Size, held: 0), Cube(Red, -0.15, -0.12, 0.08), Bystander)
            )
        );

    [Theory]
    [InlineData(0.055, 0, 1, TaskState.Succeeded)]
    [InlineData(-0.055, 0, -1, TaskState.Succeeded)]
    [InlineData(0.045, 0, 1, TaskState.UnderWay)]
    [InlineData(0.055, 0.03, 1, TaskState.Succeeded)]
    [InlineData(0.055, 0.036, 1, TaskState.Failed)] // aside
    [InlineData(-0.055, 0, 1, TaskState.Failed)] // the wrong way
    public void Pushing_is_moving_the_block_the_right_way(double dx, double dy, int direction, TaskState expected)
    {
        var table = With(Hand(-0.2, 0, 0.1), Cube(Red, dx, 0.1 + dy), Bystander);

        Assert.Equal(expected, Verdict(new WorldTask(TaskKind.Push, 0, Direction: direction), table));
    }

    [Fact]
    public void Pushing_another_block_is_a_failure()
    {
        var table = With(Hand(-0.2, 0, 0.1), Target, Cube(Blue, 0.15, 0.04));

        Assert.Equal(TaskState.Failed, Verdict(new WorldTask(TaskKind.Push, 0, Direction: 1), table));
    }

    private static WorldTask Any(TaskKind kind) =>
        kind switch
        {
            TaskKind.Put => new WorldTask(kind, 0, Tray: 0),
            TaskKind.Push => new WorldTask(kind, 0, Direction: 1),
            _ => new WorldTask(kind, 0),
        };

    private static Tabletop Holding(int block, double z)
    {
        Block[] blocks = [Target, Bystander];
        blocks[block].Z = z;
        return With(Hand(blocks[block].X, blocks[block].Y, z, Block.Size, held: block), blocks);
    }

    private static TaskState Verdict(WorldTask task, Tabletop table) => new TaskJudge(task, Start).Look(table);
}
