using Vla.Runtime.ServoSimulation;

namespace Vla.Tests.Runtime.ServoSimulation;

/// <summary>The simulated Dynamixel by its maker's manual alone: bytes in, bytes out.</summary>
public sealed class SimulatedDynamixelTests
{
    private readonly SimulatedBus _bus = SimulatedBus.Koch();
    private double _now;

    private SimulatedServo Lift => _bus.Servos[1];

    [Fact]
    public void It_answers_the_bytes_of_the_makers_manual()
    {
        // Model 1060 with firmware 52 where the manual's example has 1030 with 38.
        var answer = Ask("FFFFFD0001030001194E");

        Assert.StartsWith("FFFFFD00010700550024" + "0434", answer, StringComparison.Ordinal);
        Assert.Equal(2 * 14, answer.Length);
        Assert.Equal("", Ask("FFFFFD0001030001194F"));
        Assert.Equal("", Ask("00FFFFFD"));
        Assert.NotEqual("", Ask("0001030001194E"));
    }

    [Fact]
    public void What_outlasts_a_loss_of_power_is_refused_while_there_is_torque()
    {
        Assert.Equal(0, Lift.Write(DynamixelTable.Mode, [4]));
        Assert.Equal(0, Lift.Write(DynamixelTable.TorqueEnable, [1]));
        Assert.NotEqual(0, Lift.Write(DynamixelTable.Mode, [3]));
        Assert.Equal(4, Lift[DynamixelTable.Mode]);

        Lift.CyclePower();
        Assert.Equal(4, Lift[DynamixelTable.Mode]);
        Assert.False(Lift.HasTorque);
    }

    [Fact]
    public void An_offset_is_added_and_in_the_mode_of_a_single_turn_a_large_one_does_not_count()
    {
        Lift.Write(DynamixelTable.Offset, BitConverter.GetBytes(1_500));
        Assert.Equal(830, Lift.Position);

        Lift.Write(DynamixelTable.Mode, [4]);

        Assert.Equal(2_330, Lift.Position);
    }

    [Fact]
    public void One_that_shuts_down_takes_no_torque_until_it_was_without_power()
    {
        Lift.Write(DynamixelTable.TorqueEnable, [1]);
        Lift.Temperature = 90;
        _bus.Pass(_now += 0.1);
        Lift.Temperature = 30;

        Assert.False(Lift.HasTorque);
        Assert.NotEqual(0, Lift.Write(DynamixelTable.TorqueEnable, [1]));
        Assert.Equal(4, Lift[DynamixelTable.HardwareError]);

        Lift.CyclePower();
        Assert.Equal(0, Lift.Write(DynamixelTable.TorqueEnable, [1]));
    }

    private string Ask(string hex)
    {
        _bus.Send(Convert.FromHexString(hex), _now);
        _now += 0.1;
        return Convert.ToHexString(_bus.Receive(_now));
    }
}
