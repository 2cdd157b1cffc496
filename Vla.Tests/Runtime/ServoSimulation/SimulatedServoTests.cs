using Vla.Runtime.ServoSimulation;

namespace Vla.Tests.Runtime.ServoSimulation;

/// <summary>
/// The simulated servo by its documents alone: bytes in, bytes out, and what its joint does meanwhile.
/// </summary>
public sealed class SimulatedServoTests
{
    private const int Torque = 40;
    private const int Goal = 42;

    private readonly SimulatedBus _bus = SimulatedBus.So101();
    private double _now;

    private SimulatedServo Lift => _bus.Servos[1];

    [Fact]
    public void It_answers_the_bytes_of_the_makers_library()
    {
        Assert.Equal("FFFF010200FC", Ask("FFFF010201FB"));
        // Model 777.
        Assert.Equal("FFFF0104000903EE", Ask("FFFF0104020302F3"));
        Assert.Equal("FFFF010200FC" + "FFFF020200FB", Ask("FFFFFE0201FE")[..24]);
    }

    [Theory]
    [InlineData("FFFF010201FC", "a wrong checksum")]
    [InlineData("FFFF070201F5", "a number that nobody has")]
    [InlineData("FFFF010209F3", "an instruction that there is not")]
    [InlineData("FFFFFE0A832A0201000802FF0737", "several servos written at once")]
    public void Nobody_answers(string hex, string what) => Assert.True(Ask(hex).Length == 0, what);

    [Fact]
    public void A_packet_may_come_in_pieces_and_behind_noise()
    {
        Assert.Equal("", Ask("00FFFF01"));
        Assert.Equal("FFFF010200FC", Ask("0201FB"));
    }

    [Fact]
    public void What_is_registered_is_done_when_it_is_called_for()
    {
        Ask(Packet(2, 0x04, [Goal, 0x00, 0x08]));
        Assert.Equal(0, Lift.Word(Goal));

        Ask(Packet(0xFE, 0x05, []));

        Assert.Equal(0x0800, Lift.Word(Goal));
    }

    [Fact]
    public void With_torque_it_goes_to_its_goal_at_once_whatever_that_is()
    {
        Lift.Write(9, [0, 0, 0xFF, 0x0F]);
        Lift.Write(Goal, [0x00, 0x08]);
        Pass(1);
        Assert.Equal(830, Lift.Angle, 0.0);

        Lift.Write(Torque, [1]);
        Pass(1.5);

        Assert.Equal(2_048, Lift.Angle, 1.0);
    }

    [Fact]
    public void Without_torque_it_falls_and_the_less_torque_it_keeps_the_slower()
    {
        Assert.True(Sinking(0) > 1_400);
        Assert.InRange(Sinking(200), 300, 700);
        Assert.InRange(Sinking(1_000), 0, 10);

        double Sinking(int torque)
        {
            Lift.Write(48, [0xE8, 3]);
            Lift.Write(Goal, [0x00, 0x08]);
            Lift.Write(Torque, [1]);
            Pass(1.5);
            Lift.FastestSinking = 0;
            Lift.Write(48, [(byte)torque, (byte)(torque >> 8)]);
            if (torque == 0)
                Lift.Write(Torque, [0]);
            Pass(0.3);
            return Lift.FastestSinking;
        }
    }

    [Fact]
    public void It_keeps_within_its_limits_and_tells_its_angle_less_its_offset()
    {
        Lift.Write(31, [100, 0]);
        Lift.Write(9, [0xE8, 3, 0xD0, 7]);
        Lift.Write(Goal, [0xB8, 0x0B]);
        Lift.Write(Torque, [1]);
        Pass(2);

        Assert.Equal(2_000, Lift.Word(56));
        Assert.Equal(2_100, Lift.Angle, 1.0);
    }

    [Fact]
    public void Blocked_it_pushes_grows_warm_and_gives_up_until_it_is_switched_on_again()
    {
        Lift.Write(36, [50]);
        Lift.Obstacle = 1_000;
        Lift.Write(Goal, [0x00, 0x08]);
        Lift.Write(Torque, [1]);
        Pass(1);
        Assert.Equal(1_000, Lift.Angle);
        Assert.Equal(1_000, Lift.Word(60));
        Assert.True(Lift.Word(69) > 250);

        Pass(3);
        Assert.Equal(32, Lift.Faults);
        Assert.True(Lift.Temperature > 29);
        Assert.True(Lift.Word(60) < 300);
        Assert.Equal("FFFF0202" + "20" + "DB", Ask("FFFF020201FA"));

        Lift.Obstacle = null;
        Lift.Write(Torque, [1]);
        Assert.Equal(0, Lift.Faults);
    }

    [Theory]
    [InlineData(900, 2_048, 1_500)]
    [InlineData(2_048, 900, 1_500)]
    public void It_does_not_turn_beyond_an_obstacle_from_either_side_and_may_turn_back(int from, int to, int wall)
    {
        Go(from);
        Lift.Obstacle = wall;

        Go(to);
        Assert.Equal(wall, Lift.Angle);

        Go(from);
        Assert.Equal(from, Lift.Angle, 1.0);

        void Go(int goal)
        {
            Lift.Write(Goal, [(byte)goal, (byte)(goal >> 8)]);
            Lift.Write(Torque, [1]);
            Pass(1.5);
        }
    }

    [Fact]
    public void What_was_written_locked_is_gone_with_the_power()
    {
        Lift.Write(31, [7, 0]);
        Lift.CyclePower();
        Assert.Equal(0, Lift.Word(31));

        Lift.Write(55, [0]);
        Lift.Write(31, [7, 0]);
        Lift.CyclePower();

        Assert.Equal(7, Lift.Word(31));
        Assert.False(Lift.HasTorque);
    }

    [Fact]
    public void What_it_only_tells_cannot_be_written()
    {
        Lift.Write(3, [1, 1]);
        Lift.Write(56, [1, 1]);

        Assert.Equal(777, Lift.Word(3));
        Assert.Equal(830, Lift.Word(56));
    }

    private string Ask(string hex) => Ask(Convert.FromHexString(hex));

    private string Ask(byte[] bytes)
    {
        _bus.Send(bytes, _now);
        _now += 0.1;
        return Convert.ToHexString(_bus.Receive(_now));
    }

    private void Pass(double seconds) => _bus.Pass(_now += seconds);

    private static byte[] Packet(byte id, byte instruction, byte[] data)
    {
        byte[] body = [id, (byte)(data.Length + 2), instruction, .. data];
        return [0xFF, 0xFF, .. body, (byte)~body.Sum(value => value)];
    }
}
