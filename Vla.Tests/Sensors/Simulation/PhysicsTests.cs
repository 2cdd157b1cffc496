using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static Vla.Tests.Sensors.Simulation.TestTable;

namespace Vla.Tests.Sensors.Simulation;

public sealed class PhysicsTests
{
    private const long OneQuantum = Tabletop.QuantumNs;

    [Theory]
    [InlineData(WorldLevel.Level1)]
    [InlineData(WorldLevel.Level2)]
    public void Whatever_the_arm_does_nothing_shares_space_and_nothing_leaves_the_table(WorldLevel level)
    {
        var grasps = 0;
        for (var seed = 0; seed < 12; seed++)
        {
            var table = Tabletop.Create(seed, level);
            var random = new WorldRandom(seed);
            for (var bout = 0; bout < 30; bout++)
            {
                // The expert gets the hand into the thick of it; then it goes wild.
                var task = TaskFeasibility.Offers(table).ElementAtOrDefault(random.Below(6));
                for (var i = random.Below(25); i > 0; i--)
                {
                    table.Step(Expert.Act(table, task));
                    SoundState.Check(table);
                }

                if (table.Gripper.Holds)
                    grasps++;
                var action = RandomActions.Next(random);
                for (var i = 0; i < 30; i++)
                {
                    table.Advance(action, OneQuantum);
                    SoundState.Check(table);
                }
            }
        }

        Assert.True(grasps > 20, $"only {grasps} grasps: the test does not test much");
    }

    [Fact]
    public void Speed_is_limited()
    {
        var table = With(Hand(-0.2, 0, 0.1), Cube(Red, 0, 0.15));
        table.Act(new WorldAction(9, 0, 9, 0, 0, 9, 1), 2);
        var before = table.Gripper;

        table.Step(new WorldAction(9, 0, 0, 0, 0, 9, 1));

        Assert.Equal(0.03, table.Gripper.X - before.X, 3);
        Assert.Equal(0.15, table.Gripper.Yaw - before.Yaw, 2);
    }

    [Fact]
    public void The_hand_lags_behind_and_comes_to_where_it_was_told()
    {
        var table = With(Hand(0, 0, 0.1), Cube(Red, 0, 0.15));

        table.Step(new WorldAction(0.02f, 0, 0, 0, 0, 0, 1));
        var underWay = table.Gripper.X;
        table.Act(WorldAction.Rest(1), 5);

        Assert.InRange(underWay, 0.01, 0.018);
        Assert.Equal(0.02, table.Gripper.X, 5);
    }

    [Fact]
    public void Wishes_that_are_no_numbers_move_nothing()
    {
        var table = With(Hand(0, 0, 0.1), Cube(Red, 0, 0.15));

        table.Step(new WorldAction(float.NaN, float.PositiveInfinity, float.NaN, 0, 0, float.NaN, 1));

        Assert.Equal((0, 0, 0.1, 0), (table.Gripper.X, table.Gripper.Y, table.Gripper.Z, table.Gripper.Yaw));
    }

    [Fact]
    public void Closing_on_a_block_centres_it_squares_it_and_holds_it()
    {
        var table = With(Hand(0, 0, 0.02), Cube(Red, 0.012, 0.01, yaw: 0.3));

        table.Act(WorldAction.Rest(0), 4);

        Assert.Equal(0, table.Gripper.Held);
        Assert.Equal(Block.Size, table.Gripper.Jaw, 9);
        Assert.Equal(
            (0, 0.01, 0),
            (Math.Round(table.Blocks[0].X, 9), Math.Round(table.Blocks[0].Y, 9), Math.Round(table.Blocks[0].Yaw, 9))
        );
    }

    [Fact]
    public void Closing_gets_hold_of_a_block_while_the_hand_still_drifts_and_turns()
    {
        var cases =
            from turn in (double[])[-0.3, -0.15, -0.02, 0.02, 0.15, 0.3]
            from aside in (double[])[-0.008, 0, 0.008]
            from drift in (double[])[-0.1, 0, 0.1]
            from turning in (double[])[-0.5, 0, 0.5]
            select (turn, aside, drift, turning);
        foreach (var (turn, aside, drift, turning) in cases)
        {
            var hand = Hand(0, 0, 0.02) with { SpeedX = drift, SpeedY = drift, SpeedYaw = turning };
            var table = With(hand, Cube(Red, aside, 0.004, yaw: turn));

            table.Act(WorldAction.Rest(0), 4);

            Assert.True(
                table.Gripper.Holds,
                $"not held: turned {turn} rad, {aside} m aside, drifting {drift} m/s, turning {turning} rad/s"
            );
        }
    }

    [Theory]
    [InlineData(0.0, 0.0, 0.02, 0.5)] // turned too far
    [InlineData(0.0, 0.024, 0.02, 0.0)] // only an edge between the fingers
    [InlineData(0.0, 0.0, 0.038, 0.0)] // too high
    public void A_block_that_is_met_wrongly_stops_the_fingers_and_is_not_held(double x, double y, double z, double yaw)
    {
        var table = With(Hand(0, 0, z), Cube(Red, x, y, yaw: yaw));

        table.Act(WorldAction.Rest(0), 10);

        Assert.False(table.Gripper.Holds);
        Assert.True(table.Gripper.Jaw >= Block.Size - 1e-9);
        SoundState.Check(table);
    }

    [Fact]
    public void A_held_block_follows_the_hand_and_turns_with_it()
    {
        var table = With(Hand(0, 0, 0.02), Cube(Red, 0, 0.01));
        table.Act(WorldAction.Rest(0), 4);

        table.Act(new WorldAction(0, 0, 0.03f, 0, 0, 0, 0), 4);
        table.Act(new WorldAction(0.02f, -0.01f, 0, 0, 0, 0.1f, 0), 5);

        var (hand, block) = (table.Gripper, table.Blocks[0]);
        Assert.True(block.Z > 0.1);
        Assert.Equal(0.01, double.Hypot(block.X - hand.X, block.Y - hand.Y), 6);
        Assert.Equal(hand.Yaw, block.Yaw, 6);
        Assert.Equal(hand.Z, block.Z, 6);
    }

    [Theory]
    [InlineData(0.0, 0.10, 0.02)] // onto the table
    [InlineData(-0.15, -0.12, 0.026)] // onto a tray
    [InlineData(0.2, 0.1, 0.06)] // onto another block
    public void A_block_that_is_let_go_falls_and_rests(double x, double y, double restsAt)
    {
        var table = With(Hand(x, y, 0.15, jaw: Block.Size, held: 0), Cube(Red, x, y, z: 0.15), Cube(Blue, 0.2, 0.1));

        table.Act(WorldAction.Rest(1), 6);

        Assert.False(table.Gripper.Holds);
        Assert.Equal(
            (x, y, restsAt),
            (Math.Round(table.Blocks[0].X, 6), Math.Round(table.Blocks[0].Y, 6), Math.Round(table.Blocks[0].Z, 6))
        );
    }

    [Fact]
    public void A_block_that_is_dropped_on_anothers_edge_slips_off()
    {
        var table = With(
            Hand(0.03, 0.1, 0.15, jaw: Block.Size, held: 0),
            Cube(Red, 0.03, 0.1, z: 0.15),
            Cube(Blue, 0, 0.1)
        );

        table.Act(WorldAction.Rest(1), 10);

        Assert.Equal(0.02, table.Blocks[0].Z, 6);
        Assert.Equal(0.04, table.Blocks[0].X - table.Blocks[1].X, 3);
        SoundState.Check(table);
    }

    [Fact]
    public void Fingers_that_come_down_on_a_block_stop_on_it()
    {
        var table = With(Hand(0, 0, 0.1, jaw: 0), Cube(Red, 0, 0));

        table.Act(new WorldAction(0, 0, -0.03f, 0, 0, 0, 0), 10);

        Assert.Equal(0.045, table.Gripper.Z, 6);
        Assert.Equal(0.02, table.Blocks[0].Z, 6);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(0.785)]
    public void Pushing_moves_a_block_straight_on(double yaw)
    {
        var table = With(Hand(-0.1, 0.1, 0.02, jaw: 0), Cube(Red, -0.05, 0.103, yaw: yaw));

        table.Act(new WorldAction(0.02f, 0, 0, 0, 0, 0, 0), 8);

        Assert.True(table.Blocks[0].X > 0.05);
        Assert.Equal(0.103, table.Blocks[0].Y, 2);
        Assert.Equal(yaw, table.Blocks[0].Yaw);
    }

    [Fact]
    public void A_pushed_block_pushes_the_next()
    {
        var table = With(Hand(-0.1, 0.1, 0.02, jaw: 0), Cube(Red, -0.05, 0.1), Cube(Blue, 0, 0.1));

        table.Act(new WorldAction(0.02f, 0, 0, 0, 0, 0, 0), 8);

        Assert.Equal(Block.Size, table.Blocks[1].X - table.Blocks[0].X, 6);
        Assert.True(table.Blocks[1].X > 0.08);
    }

    [Fact]
    public void A_tray_stops_a_block_and_the_hand_behind_it()
    {
        var table = With(Hand(0, -0.12, 0.02, jaw: 0), Cube(Red, 0.05, -0.12));

        table.Act(new WorldAction(0.03f, 0, 0, 0, 0, 0, 0), 10);

        Assert.Equal(0.08, table.Blocks[0].X, 2);
        Assert.True(table.Gripper.X < 0.055);
        SoundState.Check(table);
    }

    [Fact]
    public void A_hand_in_front_of_something_fixed_slides_along_it()
    {
        var table = With(Hand(0.03, -0.12, 0.02, jaw: 0), Cube(Red, 0.075, -0.12));

        table.Act(new WorldAction(0.02f, 0, 0.02f, 0, 0, 0, 0), 5);

        Assert.True(table.Gripper.Z > 0.09);
    }
}
