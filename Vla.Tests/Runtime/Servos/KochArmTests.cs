using Vla.Actors.Robots;
using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Servos.Dynamixel;
using Vla.Runtime.ServoSimulation;
using Vla.Sensors;

namespace Vla.Tests.Runtime.Servos;

/// <summary>A Koch v1.1 does what an SO-101 does, with other servos: against simulated Dynamixels.</summary>
public sealed class KochArmTests : IDisposable
{
    private static readonly float[] Up = [0, 0, 0, 0, 0, 50];

    private readonly List<ArmBench> _benches = [];

    public void Dispose() => _benches.ForEach(bench => bench.Dispose());

    [Fact]
    public void It_sets_out_slowly_follows_and_is_let_go_where_it_was_found()
    {
        var arm = Bench();
        var found = arm.Servos.Servos.Select(servo => servo.Angle).ToArray();
        arm.Begin();
        arm.Pass(0.5, ControlState.Hold);
        Assert.All(arm.Servos.Servos, servo => Assert.True(servo.HasTorque));
        Assert.InRange(arm.FastestTurn, 0, 60);

        arm.Pass(1, ControlState.Policy, Up);
        Assert.Equal(ArmMode.Approaching, arm.Loop.Mode);
        Assert.InRange(arm.FastestTurn, 200, 2 * 341 + 60);
        Assert.All(arm.Pass(5, ControlState.Policy, Up)[..5], value => Assert.InRange(value, -2, 2));
        Assert.Equal(ArmMode.Following, arm.Loop.Mode);

        arm.Loop.End();
        arm.Pass(12);
        Assert.True(arm.Loop.HasEnded);
        Assert.DoesNotContain(arm.Servos.Servos, servo => servo.HasTorque);
        Assert.All(arm.Servos.Servos.Zip(found), pair => Assert.InRange(pair.First.Angle - pair.Second, -70, 70));
        // What was taken for letting go is given back to whoever comes next.
        Assert.All(arm.Servos.Servos, servo => Assert.Equal(885, servo.Word(XSeries.GoalPwm.Address)));
    }

    [Theory]
    [InlineData(1_500)]
    [InlineData(3_000)]
    [InlineData(-700)]
    public void A_joint_whose_range_lies_across_the_end_of_a_turn_never_goes_all_round(int turned)
    {
        var arm = Bench(SimulatedBus.Dynamixel(KochJoints.Turned(turned), isLeader: false));
        // They begin to count anew from where they are.
        foreach (var servo in arm.Servos.Servos)
            servo.CyclePower();
        ArmPreparation.RequireInRange(arm.Bus, arm.Calibration);
        arm.Loop.Begin(hasTorque: false, rest: null);

        Assert.All(arm.Pass(8, ControlState.Policy, Up)[..5], value => Assert.InRange(value, -2, 2));

        var middle = (arm.Lift.Joint.FirstStop + arm.Lift.Joint.LastStop) / 2;
        Assert.Equal(middle, arm.Lift.Angle, 5.0);
        Assert.Equal(ArmMode.Following, arm.Loop.Mode);
    }

    [Fact]
    public void Taken_over_with_torque_it_stays_where_it_is_held()
    {
        var servos = SimulatedBus.Dynamixel(KochJoints.Turned(3_000), isLeader: false);
        var first = Bench(servos);
        foreach (var servo in servos.Servos)
            servo.CyclePower();
        first.Loop.Begin(hasTorque: false, rest: null);
        first.Pass(8, ControlState.Policy, Up);
        var held = servos.Servos.Select(servo => servo.Angle).ToArray();

        // Killed, and begun again: with the same servos, which hold it.
        var again = new ArmLoop(first.Bus, ArmKind.Koch, first.Scale, ArmKind.Koch.Limits, first.States, first.Time);
        ArmPreparation.SetUp(first.Bus, ArmKind.Koch);
        again.Begin(hasTorque: true, rest: null);
        for (var i = 0; i < 100; i++)
        {
            again.Commands.Put(ControlState.Hold, Up, first.Time.NowNs(), MonotonicTime.NsPerSecond);
            again.Turn();
            first.Time.Advance(TimeSpan.FromMilliseconds(8));
            servos.Pass(first.Time.NowNs() / 1e9);
        }

        Assert.All(servos.Servos.Zip(held), pair => Assert.InRange(pair.First.Angle - pair.Second, -3, 3));
    }

    [Fact]
    public void A_servo_that_gives_up_is_named_with_what_it_says_and_in_the_end_nothing_holds()
    {
        var arm = Bench();
        arm.Begin();
        arm.Pass(6, ControlState.Policy, Up);

        arm.Elbow.Voltage = 12;
        arm.Pass(0.3, ControlState.Policy, Up);

        Assert.StartsWith(
            "servo 3, elbow_flex: its voltage is out of its limits",
            arm.Loop.Holding,
            StringComparison.Ordinal
        );
        Assert.False(arm.Elbow.HasTorque);
        // It stays so until it was without power, and the others hold the arm as well as they can.
        arm.Elbow.Voltage = 5;
        arm.Pass(1, ControlState.Policy, Up);
        Assert.NotNull(arm.Loop.Holding);
        Assert.True(arm.Lift.HasTorque);

        arm.Loop.End();
        arm.Pass(12);

        Assert.True(arm.Loop.HasEnded);
        Assert.DoesNotContain(arm.Servos.Servos, servo => servo.HasTorque);
    }

    [Fact]
    public void A_blocked_joint_holds_the_arm()
    {
        var arm = Bench();
        arm.Begin();
        arm.Pass(6, ControlState.Policy, Up);
        arm.Lift.Obstacle = arm.Lift.Angle;

        arm.Pass(1.2, ControlState.Policy, [0, 60, 0, 0, 0, 50]);

        Assert.StartsWith("servo 2, shoulder_lift is blocked", arm.Loop.Holding, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_servos_are_set_to_what_LeRobot_sets_them_to()
    {
        var arm = Bench();

        foreach (var (place, servo) in arm.Servos.Servos.Index())
        {
            Assert.Equal(place == 5 ? 5 : 4, servo[XSeries.OperatingMode.Address]);
            Assert.Equal(0, servo[XSeries.ReturnDelay.Address]);
        }

        Assert.Equal((1_500, 600), (arm.Elbow.Word(XSeries.P.Address), arm.Elbow.Word(XSeries.D.Address)));
        Assert.Equal(500, arm.Servos.Servos[5].Word(XSeries.GoalCurrent.Address));
    }

    [Fact]
    public void What_can_only_be_set_without_torque_is_refused_with_what_to_do()
    {
        var arm = Bench();
        arm.Bus.Set(2, XSeries.OperatingMode, 3);
        arm.Bus.Set(2, XSeries.TorqueEnable, 1);

        var error = Assert.Throws<ServoException>(() => ArmPreparation.SetUp(arm.Bus, ArmKind.Koch));

        Assert.Equal(
            "servo 2, shoulder_lift holds, and its Operating_Mode is 3 where 4 is needed: support the arm, power it "
                + "off and on",
            error.Message
        );
    }

    [Theory]
    [InlineData("koch_leader", "servo 1, shoulder_pan is of model 1060, XL430-W250; a Koch v1.1")]
    [InlineData("koch", "")]
    public void Servos_of_another_arms_models_are_refused(string name, string why)
    {
        var arm = Bench();
        var kind = ArmKind.All.Single(kind => kind.Name == name);

        var error = Record.Exception(() => ArmPreparation.Check(arm.Bus, kind))?.Message ?? "";

        Assert.Equal(why.Length == 0, error.Length == 0);
        Assert.Contains(why, error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_arm_of_another_make_is_silent_and_that_is_said()
    {
        var arm = Bench();
        using var bus = new ServoBus(arm.Port, ArmKind.So101.Make, arm.Time, ArmKind.ServoNames);

        var error = Assert.Throws<ServoException>(() => ArmPreparation.Check(bus, ArmKind.So101));

        Assert.EndsWith(
            "; if it is another arm than an SO-101, name it so: koch",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Its_voltages_are_those_of_each_servo()
    {
        var arm = Bench();
        Assert.Equal("", ArmPreparation.Check(arm.Bus, ArmKind.Koch));

        arm.Servos.Servos[2].Voltage = 12;
        arm.Servos.Pass(arm.Time.NowNs() / 1e9 + 0.1);
        arm.Time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Contains(
            "servo 3, elbow_flex has 12.0 V, and is made for 3.5 to 7.0 V",
            Assert.Throws<ServoException>(() => ArmPreparation.Check(arm.Bus, ArmKind.Koch)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_leaders_gripper_is_a_trigger_and_the_rest_of_it_is_slack()
    {
        var servos = SimulatedBus.Koch(isLeader: true);
        var arm = Bench(servos, ArmKind.KochLeader);
        using var told = new CancellationTokenSource();
        var leader = new ServoLeader(
            ArmKind.KochLeader,
            "port",
            arm.Scale,
            _ => arm.Bus,
            arm.Time,
            new ImmediateClock(arm)
        )
        {
            Moved = (_, values) =>
            {
                if (Math.Abs(values[ArmKind.Gripper] - 50) < 2)
                    told.Cancel();
            },
        };

        var bus = leader.Connect();
        Assert.Equal([false, false, false, false, false, true], servos.Servos.Select(servo => servo.HasTorque));
        leader.Run(bus, 60, told.Token);

        // It went to half open by itself, and is slack when nobody leads any more.
        Assert.Equal(50, arm.Scale[ArmKind.Gripper].ToValue(servos.Servos[5].Position), 2.0);
        Assert.DoesNotContain(servos.Servos, servo => servo.HasTorque);
    }

    private ArmBench Bench(SimulatedBus? servos = null, ArmKind? kind = null)
    {
        var bench = new ArmBench(kind: kind ?? ArmKind.Koch, servos: servos ?? SimulatedBus.Koch());
        _benches.Add(bench);
        return bench;
    }

    /// <summary>Lets a bench's time pass where a loop waits.</summary>
    private sealed class ImmediateClock(ArmBench arm) : Vla.Actors.Scheduling.IControlClock
    {
        public long NowNs => arm.Time.NowNs();

        public void WaitUntil(long dueNs)
        {
            arm.Time.Advance(TimeSpan.FromTicks((dueNs - NowNs) / 100 + 1));
            arm.Servos.Pass(NowNs / 1e9);
        }
    }
}
