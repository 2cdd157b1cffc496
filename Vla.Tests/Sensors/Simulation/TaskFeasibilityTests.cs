using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Sensors.Simulation;

public sealed class TaskFeasibilityTests
{
    private static readonly WorldTask ToTheRight = new(TaskKind.Push, 0, Direction: 1);

    [Fact]
    public void A_free_way_can_be_pushed_along() =>
        Assert.True(TaskFeasibility.CanDo(With(Hand(0, 0, 0.15), Cube(Red, 0, 0.1)), ToTheRight));

    [Theory]
    [InlineData(0.1, 0.1)] // in the way
    [InlineData(0.1, 0.15)] // its edge in the way
    [InlineData(-0.07, 0.1)] // where the hand must go
    public void A_block_in_the_lane_forbids_a_push(double x, double y) =>
        Assert.False(TaskFeasibility.CanDo(With(Hand(0, 0, 0.15), Cube(Red, 0, 0.1), Cube(Blue, x, y)), ToTheRight));

    [Fact]
    public void A_tray_in_the_lane_forbids_a_push() =>
        Assert.False(TaskFeasibility.CanDo(With(Hand(0, 0, 0.15), Cube(Red, 0.06, -0.12)), ToTheRight));

    [Fact]
    public void There_must_be_room_for_the_hand_behind_the_block() =>
        Assert.False(TaskFeasibility.CanDo(With(Hand(0, 0, 0.15), Cube(Red, -0.2, 0.1)), ToTheRight));

    [Fact]
    public void Twins_are_not_pushed_past_each_other()
    {
        var table = With(Hand(0, 0, 0.15), Cube(Red, -0.05, 0.15), Cube(Red, 0.05, 0));

        Assert.False(TaskFeasibility.CanDo(table, ToTheRight));
        Assert.True(TaskFeasibility.CanDo(table, ToTheRight with { Direction = -1 }));
    }

    [Fact]
    public void Twins_are_not_carried_past_each_other()
    {
        var table = With(Hand(0, 0, 0.15), Cube(Red, -0.05, 0.15), Cube(Red, 0.05, 0));

        Assert.True(TaskFeasibility.CanDo(table, new WorldTask(TaskKind.Put, 0, Tray: 0)));
        Assert.False(TaskFeasibility.CanDo(table, new WorldTask(TaskKind.Put, 0, Tray: 1)));
    }

    [Fact]
    public void What_is_done_already_or_buried_is_not_offered()
    {
        var table = With(
            Hand(0, 0, 0.15),
            Cube(Red, -0.15, -0.12, z: 0.026),
            Cube(Blue, 0, 0.1),
            Cube(Green, 0, 0.1, z: 0.06)
        );

        Assert.DoesNotContain(new WorldTask(TaskKind.Put, 0, Tray: 0), TaskFeasibility.Offers(table));
        Assert.Contains(new WorldTask(TaskKind.Put, 0, Tray: 1), TaskFeasibility.Offers(table));
        Assert.DoesNotContain(TaskFeasibility.Offers(table), task => task.Block == 1);
    }

    [Fact]
    public void Every_kind_is_chosen_as_often_as_its_weight_says()
    {
        var random = new WorldRandom(1);
        var chosen = Enumerable
            .Range(0, 900)
            .Select(seed =>
                Assignment
                    .Choose(Tabletop.Create(seed, WorldLevel.Level1), Phrasing.Train, random, [1, 2, 4, 2])
                    .Task.Kind
            )
            .CountBy(kind => kind)
            .ToDictionary();

        Assert.InRange(chosen[TaskKind.Reach], 70, 140);
        Assert.InRange(chosen[TaskKind.Pick], 160, 260);
        Assert.InRange(chosen[TaskKind.Put], 340, 470);
        Assert.InRange(chosen[TaskKind.Push], 140, 250);
    }
}
