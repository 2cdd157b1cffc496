using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Servos.Feetech;
using Vla.Runtime.Servos.SettingUp;
using Vla.Runtime.ServoSimulation;
using Vla.Sensors;

namespace Vla.Tests.Runtime.Servos;

/// <summary>
/// An arm from unpacking to driving: ports, numbers, calibration, as a person does it by lines of text.
/// </summary>
public sealed class SettingUpTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly StringWriter _said = new();

    public void Dispose() => _said.Dispose();

    [Fact]
    public void A_servo_from_the_factory_gets_its_number_and_keeps_it_without_power()
    {
        var servo = Servo(id: 1);
        using var bus = Bus(new SimulatedBus([servo]));

        Assert.True(MotorSetUp.TrySet(bus, ArmKind.So101, 6, out var words), words);

        Assert.Equal("It is number 6 now, at 1 Mbit/s (was 1, at 1000000).", words);
        servo.CyclePower();
        Assert.Equal(6, servo.Id);
        Assert.True(MotorSetUp.TrySet(bus, ArmKind.So101, 6, out words));
        Assert.Equal("It is number 6 already.", words);
    }

    [Theory]
    [InlineData(4, 115_200)]
    [InlineData(7, 19_200)]
    [InlineData(1, 500_000)]
    public void One_that_listens_at_another_speed_is_found_and_set_to_the_arms(byte code, int baud)
    {
        var servo = Servo(id: 9);
        servo.Write(55, [0]);
        servo.Write(6, [code]);
        Assert.Equal(baud, servo.Baud);
        using var bus = Bus(new SimulatedBus([servo]));

        Assert.True(MotorSetUp.TrySet(bus, ArmKind.So101, 3, out var words), words);

        Assert.Equal($"It is number 3 now, at 1 Mbit/s (was 9, at {baud}).", words);
        servo.CyclePower();
        Assert.Equal((3, 1_000_000), (servo.Id, servo.Baud));
    }

    [Fact]
    public void What_is_not_one_servo_of_the_right_model_is_left_alone_and_told()
    {
        using var none = Bus(new SimulatedBus([]));
        Assert.False(MotorSetUp.TrySet(none, ArmKind.So101, 1, out var words));
        Assert.Equal("No servo answers at any speed: check its cable and the power supply", words);

        var two = new SimulatedBus([Servo(1), Servo(2)]);
        using var several = Bus(two);
        Assert.False(MotorSetUp.TrySet(several, ArmKind.So101, 3, out words));
        Assert.Equal("Several servos answer (1, 2): connect one alone", words);
        Assert.Equal([1, 2], two.Servos.Select(servo => servo.Id));
    }

    [Fact]
    public void Servos_are_asked_for_one_after_the_other_and_a_wrong_one_again()
    {
        var line = new ChangingBus();
        using var bus = new ServoBus(new SimulatedPort(line.Bus, _time), Sts3215.Make, _time, ServoNames.None);
        // Nothing is connected at first.
        var dialogue = Dialogue(() => "", () => line.Connect(Servo(1)), () => line.Connect(Servo(1)));

        MotorSetUp.Run(bus, ArmKind.So101, ["gripper", "wrist_roll"], dialogue);

        Assert.Equal([6, 5], line.All.Select(servo => servo.Id));
        Assert.Contains(
            "Connect the servo of gripper alone to the board, with power, and press Enter (1 of 2).",
            $"{_said}",
            StringComparison.Ordinal
        );
        Assert.Contains("No servo answers at any speed", $"{_said}", StringComparison.Ordinal);
    }

    [Fact]
    public void An_arm_is_calibrated_by_moving_it_and_its_middle_reads_2047()
    {
        var servos = SimulatedBus.So101();
        using var bus = Bus(servos);

        var calibration = Wizard(Sweep(servos), () => Turn(servos, 4, 1_000)).Run(bus, ArmKind.So101);

        foreach (var (servo, joint) in servos.Servos.Zip(calibration.Joints))
        {
            var whole = joint.Id == 5;
            Assert.InRange(
                joint.RangeMax - joint.RangeMin - (whole ? 4_095 : servo.Joint.LastStop - servo.Joint.FirstStop),
                -4,
                4
            );
            if (!whole)
                Assert.InRange((joint.RangeMin + joint.RangeMax) / 2 - 2_047, -2, 2);
        }

        // The wrist was turned to what shall be its middle.
        Assert.InRange(servos.Servos[4].Word(56) - 2_047, -2, 2);
        foreach (var servo in servos.Servos)
            servo.CyclePower();
        Assert.Null(calibration.DifferenceFrom(ArmCalibration.FromServos(bus, ArmKind.So101), bus.Make));
    }

    [Theory]
    [InlineData(3_000)]
    [InlineData(-700)]
    [InlineData(2_047)]
    [InlineData(2_048)]
    public void Also_one_whose_horns_are_mounted_so_that_a_joint_passes_the_end_of_a_turn(int turned)
    {
        // Every raw angle is another one, and some joints go over 4095 in their sweep.
        var joints = SimulatedJoint
            .So101()
            .Select(joint =>
                joint with
                {
                    FirstStop = joint.FirstStop + turned,
                    LastStop = joint.LastStop + turned,
                    Begins = joint.Begins + turned,
                    LiesAt = joint.LiesAt + turned,
                }
            );
        var servos = SimulatedBus.Feetech([.. joints]);
        using var bus = Bus(servos);

        var calibration = Wizard(Sweep(servos), () => "").Run(bus, ArmKind.So101);

        foreach (var (servo, joint) in servos.Servos.Zip(calibration.Joints))
        {
            Assert.InRange(joint.HomingOffset, -2_047, 2_047);
            if (joint.Id == 5)
                continue;
            servo.Hand = servo.Joint.FirstStop;
            servos.Pass(_time.NowNs() / 1e9 + 1);
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.InRange(servo.Word(56) - joint.RangeMin, -8, 8);
        }
    }

    [Fact]
    public void A_joint_that_was_not_moved_is_asked_for_again_and_one_that_went_half_the_way_is_doubted()
    {
        var servos = SimulatedBus.So101();
        using var bus = Bus(servos);

        var calibration = Wizard(
                () => "",
                Sweep(servos, except: 2),
                Swing(servos, 2, 3_050, 2_400),
                () => "",
                () => "k",
                () => ""
            )
            .Run(bus, ArmKind.So101);

        Assert.Contains("    shoulder_pan was not moved.", $"{_said}", StringComparison.Ordinal);
        Assert.Contains("    elbow_flex was not moved.", $"{_said}", StringComparison.Ordinal);
        Assert.Contains("° only, usual is 193°.", $"{_said}", StringComparison.Ordinal);
        Assert.InRange(calibration.Joints[2].RangeMax - calibration.Joints[2].RangeMin, 300, 1_320);
    }

    [Fact]
    public void Left_before_its_end_a_calibration_changes_nothing()
    {
        var servos = SimulatedBus.So101();
        SimulatedArm.Calibrate(servos);
        using var bus = Bus(servos);
        var before = ArmCalibration.FromServos(bus, ArmKind.So101);

        Assert.Throws<UsageException>(() => Wizard(Sweep(servos), () => null).Run(bus, ArmKind.So101));

        foreach (var servo in servos.Servos)
            servo.CyclePower();
        Assert.Null(before.DifferenceFrom(ArmCalibration.FromServos(bus, ArmKind.So101), bus.Make));
    }

    [Fact]
    public void An_arm_that_holds_itself_up_is_let_go_only_when_somebody_supports_it()
    {
        var servos = SimulatedBus.So101();
        foreach (var servo in servos.Servos)
            servo.Write(40, [1]);
        using var bus = Bus(servos);
        var hadTorque = false;

        Wizard(
                () =>
                {
                    hadTorque = servos.Servos[1].HasTorque;
                    return "";
                },
                Sweep(servos),
                () => ""
            )
            .Run(bus, ArmKind.So101);

        Assert.True(hadTorque);
        Assert.Contains("support it with your hand", $"{_said}", StringComparison.Ordinal);
    }

    [Fact]
    public void Ports_are_told_with_who_answers_there()
    {
        var finder = Finder(
            ["/dev/a", "/dev/b", "/dev/c"],
            ["/dev/a", "/dev/c"],
            (port, _) =>
                port switch
                {
                    "/dev/a" => Bus(SimulatedBus.So101()),
                    "/dev/b" => Bus(Calibrated()),
                    _ => Bus(new SimulatedBus([Servo(1), Servo(2)])),
                }
        );

        Assert.True(finder.Find(Dialogue(() => "")));

        Assert.Equal(
            [
                "/dev/a: an arm of six servos (so101, so100, so101_leader, so100_leader), not calibrated yet",
                "    stays the same as /dev/serial/by-id/a",
                "/dev/b: an arm of six servos (so101, so100, so101_leader, so100_leader), calibrated",
                "/dev/c: servos 1, 2 answer; an arm has 1 to 6",
                "",
                "Which is which? Pull the USB plug of the arm that you mean, then press Enter (or q to end).",
                "That arm is at /dev/b. Plug it in again.",
            ],
            Said()
        );
    }

    [Fact]
    public void Where_no_plug_was_pulled_or_several_were_that_is_told()
    {
        Finder(["/dev/a", "/dev/b"], ["/dev/a", "/dev/b"], (_, _) => Bus(Calibrated())).Find(Dialogue(() => ""));
        Assert.StartsWith("No port has gone: pull the plug of the USB cable", Said()[^1], StringComparison.Ordinal);

        Finder(["/dev/a", "/dev/b"], [], (_, _) => Bus(Calibrated())).Find(Dialogue(() => ""));
        Assert.StartsWith("Several ports have gone (/dev/a, /dev/b)", Said()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void One_arm_at_one_port_needs_no_plug_pulled_and_no_port_is_told()
    {
        Assert.True(Finder(["/dev/b"], [], (_, _) => Bus(Calibrated())).Find(Dialogue()));
        Assert.Equal(["/dev/b: an arm of six servos (so101, so100, so101_leader, so100_leader), calibrated"], Said());

        Assert.False(Finder([], [], (_, _) => throw new InvalidOperationException()).Find(Dialogue()));
        Assert.StartsWith("There is no serial port of a USB cable", Said()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_cannot_be_opened_is_told_with_why()
    {
        var finder = Finder(["/dev/a"], ["/dev/a"], (_, _) => throw new RobotException("another program has it"));

        Assert.False(finder.Find(Dialogue(() => "q")));

        Assert.Equal("/dev/a: another program has it", Said()[0]);
    }

    private static FeetechServo Servo(int id) => new(id, SimulatedJoint.So101()[0]);

    private static SimulatedBus Calibrated()
    {
        var servos = SimulatedBus.So101();
        SimulatedArm.Calibrate(servos);
        return servos;
    }

    private static PortFinder Finder(string[] before, string[] after, Func<string, ServoMake, ServoBus> open)
    {
        var looks = 0;
        return new PortFinder(
            () => looks++ == 0 ? before : after,
            open,
            port => port.Replace("/dev/a", "/dev/serial/by-id/a", StringComparison.Ordinal)
        );
    }

    private ServoBus Bus(SimulatedBus servos) =>
        new(new SimulatedPort(servos, _time), Sts3215.Make, _time, ArmKind.ServoNames);

    private string[] Said() => $"{_said}".TrimEnd().Split('\n');

    private CalibrationWizard Wizard(params Func<string?>[] lines) => new(Dialogue(lines), _time, isLive: false);

    private Dialogue Dialogue(params Func<string?>[] lines) =>
        new(new Person(lines), _said, CancellationToken.None, TimeSpan.Zero);

    /// <summary>Moves all joints by hand from stop to stop; the line comes when that is done.</summary>
    private Func<string?> Sweep(SimulatedBus servos, int except = 4) =>
        () =>
            Moved(
                servos,
                (servo, share) =>
                {
                    var middle = (servo.Joint.FirstStop + servo.Joint.LastStop) / 2;
                    var half = (servo.Joint.LastStop - servo.Joint.FirstStop) / 2;
                    if (servo.Id != 5 && servo.Id != except + 1)
                        servo.Hand = middle + 1.2 * half * Math.Sin(2 * Math.PI * share);
                }
            );

    private Func<string?> Swing(SimulatedBus servos, int joint, double from, double to) =>
        () =>
            Moved(
                servos,
                (servo, share) =>
                {
                    if (servo.Id == joint + 1)
                        servo.Hand = share < 0.5 ? from : to;
                }
            );

    private string Turn(SimulatedBus servos, int joint, double to) =>
        Moved(
            servos,
            (servo, _) =>
            {
                if (servo.Id == joint + 1)
                    servo.Hand = to;
            }
        );

    private string Moved(SimulatedBus servos, Action<SimulatedServo, double> move)
    {
        const double Seconds = 6;
        var began = _time.NowNs() / 1e9;
        servos.Passing = now =>
        {
            foreach (var servo in servos.Servos)
                move(servo, Math.Min(1, (now - began) / Seconds));
        };
        Assert.True(SpinWait.SpinUntil(() => _time.NowNs() / 1e9 > began + Seconds + 1, TimeSpan.FromSeconds(60)));
        servos.Passing = null;
        return "";
    }

    /// <summary>Somebody at a terminal, who types a line when something has been done.</summary>
    private sealed class Person(Func<string?>[] lines) : TextReader
    {
        private int _next;

        public override string? ReadLine() => _next < lines.Length ? lines[_next++]() : null;
    }

    /// <summary>A line to which another servo is connected in the place of the one before.</summary>
    private sealed class ChangingBus
    {
        private readonly List<SimulatedServo> _connected = [];

        public ChangingBus() => Bus = new SimulatedBus(_connected);

        public SimulatedBus Bus { get; }

        public List<SimulatedServo> All { get; } = [];

        public string Connect(SimulatedServo servo)
        {
            _connected.Clear();
            _connected.Add(servo);
            All.Add(servo);
            return "";
        }
    }
}
