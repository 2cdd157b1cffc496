using Vla.Sensors.Simulation;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Sensors.Simulation;

public sealed class TabletopTests
{
    public static TheoryData<WorldLevel> Levels => [WorldLevel.Level1, WorldLevel.Level2];

    [Theory, MemberData(nameof(Levels))]
    public void The_same_seed_and_actions_give_the_same_state(WorldLevel level)
    {
        var (one, same, other) = (Tabletop.Create(7, level), Tabletop.Create(7, level), Tabletop.Create(8, level));
        var random = new WorldRandom(1);
        for (var i = 0; i < 50; i++)
        {
            var action = RandomActions.Next(random);
            one.Step(action);
            same.Step(action);
        }

        Assert.Equal(Everything(one), Everything(same));
        Assert.NotEqual(Everything(Tabletop.Create(7, level)), Everything(other));
    }

    /// <summary>Recorded episodes name their seeds: what a seed means must not change unnoticed.</summary>
    [Fact]
    public void A_seed_means_the_same_table_for_ever()
    {
        var table = Tabletop.Create(1, WorldLevel.Level1);

        Assert.Equal(
            "green 0.0380 0.1158 -0.0642; yellow -0.1736 0.1318 0.1706; purple 0.1511 0.1374 0.2843",
            string.Join(
                "; ",
                table
                    .Blocks.ToArray()
                    .Select(block =>
                        FormattableString.Invariant($"{block.Colour} {block.X:F4} {block.Y:F4} {block.Yaw:F4}")
                    )
            )
        );
    }

    [Fact]
    public void Time_goes_the_same_way_in_long_and_short_steps()
    {
        var (atOnce, at50Hz, at30Hz) = (
            Tabletop.Create(3, WorldLevel.Level2),
            Tabletop.Create(3, WorldLevel.Level2),
            Tabletop.Create(3, WorldLevel.Level2)
        );
        var random = new WorldRandom(5);
        for (var i = 0; i < 30; i++)
        {
            var action = RandomActions.Next(random);
            atOnce.Step(action);
            for (var n = 0; n < 5; n++)
                at50Hz.Advance(action, 20_000_000);
            foreach (var ns in (long[])[33_333_333, 33_333_333, 33_333_334])
                at30Hz.Advance(action, ns);
        }

        Assert.Equal(Everything(atOnce), Everything(at50Hz));
        Assert.Equal(Everything(atOnce), Everything(at30Hz));
    }

    [Fact]
    public void A_clone_goes_its_own_way_and_can_be_set_back()
    {
        var table = Tabletop.Create(4, WorldLevel.Level1);
        var before = Everything(table);
        var clone = table.Clone();

        clone.Act(new WorldAction(0.02f, 0, -0.02f, 0, 0, 0, 0), 5);

        Assert.Equal(before, Everything(table));
        Assert.NotEqual(before, Everything(clone));
        clone.CopyFrom(table);
        Assert.Equal(before, Everything(clone));
    }

    [Fact]
    public void A_clone_in_the_middle_of_carrying_ends_where_the_original_does()
    {
        var table = With(Hand(0, 0, Block.Half), Cube(Red, 0.004, 0.003, yaw: 0.2));
        table.Act(WorldAction.Rest(0), 5);
        table.Step(new WorldAction(0.01f, 0, 0.03f, 0, 0, 0.1f, 0));
        var clone = table.Clone();
        var onward = new WorldAction(0.02f, 0.01f, 0.01f, 0, 0, 0.1f, 0);

        table.Act(onward, 4);
        clone.Act(onward, 4);

        Assert.True(table.Gripper.Holds);
        Assert.Equal(Everything(table), Everything(clone));
    }

    [Fact]
    public void A_world_refuses_the_state_of_another_episode()
    {
        var table = Tabletop.Create(4, WorldLevel.Level1);

        Assert.Throws<ArgumentException>(() => table.CopyFrom(Tabletop.Create(5, WorldLevel.Level1)));
    }

    [Theory, MemberData(nameof(Levels))]
    public void Blocks_and_trays_are_laid_apart_and_in_reach(WorldLevel level)
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var table = Tabletop.Create(seed, level);
            Assert.InRange(table.Blocks.Length, 3, 5);
            Assert.Equal(2, table.Trays.Count);
            for (var i = 0; i < table.Blocks.Length; i++)
            {
                var block = table.Blocks[i];
                Assert.True(Math.Abs(block.X) <= 0.20 && Math.Abs(block.Y) <= 0.165);
                for (var j = 0; j < i; j++)
                    Assert.True(double.Hypot(block.X - table.Blocks[j].X, block.Y - table.Blocks[j].Y) >= 0.075);
                foreach (var tray in table.Trays)
                    Assert.True(double.Hypot(block.X - tray.X, block.Y - tray.Y) >= 0.10);
            }

            var (one, other) = (table.Trays[0], table.Trays[1]);
            Assert.True(double.Hypot(one.X - other.X, one.Y - other.Y) >= 0.125);
            Assert.NotEqual(one.Colour, other.Colour);
        }
    }

    [Fact]
    public void Level_1_turns_blocks_a_little_and_gives_each_a_colour_of_its_own()
    {
        var blocks = Blocks(
            WorldLevel.Level1,
            table => Assert.Equal(table.Blocks.Length, table.Blocks.ToArray().DistinctBy(block => block.Colour).Count())
        );

        Assert.InRange(blocks.Max(block => Math.Abs(block.Yaw)), 0.28, 0.3);
    }

    [Fact]
    public void Level_2_turns_blocks_up_to_45_degrees_and_gives_some_the_same_colour_side_by_side()
    {
        var twins = 0;
        var blocks = Blocks(
            WorldLevel.Level2,
            table =>
            {
                var alike = table
                    .Blocks.ToArray()
                    .GroupBy(block => block.Colour)
                    .Where(group => group.Count() > 1)
                    .ToArray();
                if (alike.Length == 0)
                    return;
                twins++;
                var pair = Assert.Single(alike).ToArray();
                Assert.Equal(2, pair.Length);
                Assert.True(Math.Abs(pair[0].X - pair[1].X) > 0.08);
            }
        );

        Assert.InRange(blocks.Max(block => Math.Abs(block.Yaw)), 0.75, Math.PI / 4);
        Assert.InRange(twins, 60, 140);
    }

    [Fact]
    public void Proprioception_is_the_hands_pose_and_the_jaws_opening()
    {
        var table = With(Hand(0.1, -0.05, 0.12, jaw: 0.02, yaw: 0.25), Cube(Red, 0, 0.1));
        var state = new float[7];

        table.ReadState(state);

        Assert.Equal([0.1f, -0.05f, 0.12f, 0, 0, 0.25f, 0.25f], state);
        Assert.Equal(7, Tabletop.StateNames.Count);
    }

    [Fact]
    public void The_hand_can_be_put_where_it_is_free_only()
    {
        var table = With(Hand(0, 0.1, 0.15), Cube(Red, 0, 0));
        var before = Everything(table);

        Assert.False(table.TryPlaceGripper(0.04, 0, 0.02, 0, Gripper.JawOpen));
        Assert.Equal(before, Everything(table));
        Assert.True(table.TryPlaceGripper(0, 0, 0.02, 0, Gripper.JawOpen));
        Assert.Equal(0.02, table.Gripper.Z);
    }

    private static List<Block> Blocks(WorldLevel level, Action<Tabletop> check)
    {
        List<Block> blocks = [];
        for (var seed = 0; seed < 200; seed++)
        {
            var table = Tabletop.Create(seed, level);
            check(table);
            blocks.AddRange(table.Blocks);
        }

        return blocks;
    }
}
