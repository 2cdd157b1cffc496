using Microsoft.Extensions.Time.Testing;
using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Servos.Dynamixel;
using Vla.Runtime.Servos.SettingUp;
using Vla.Runtime.ServoSimulation;
using Vla.Sensors;

namespace Vla.Tests.Runtime.Servos;

/// <summary>A Koch v1.1 and its leader from unpacking to calibrated.</summary>
public sealed class KochSettingUpTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TemporaryDirectory _folder = new();
    private readonly StringWriter _said = new();

    public void Dispose()
    {
        _said.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_servo_from_the_factory_gets_its_number_and_the_arms_speed_and_keeps_them_without_power()
    {
        var servo = Servo(DynamixelModel.Xl330M288);
        // As they leave the factory.
        servo.Write(DynamixelTable.Baud, [1]);
        Assert.Equal(57_600, servo.Baud);
        using var bus = Bus(new SimulatedBus([servo], new DynamixelPackets()));

        Assert.True(MotorSetUp.TrySet(bus, ArmKind.Koch, 6, out var words), words);

        Assert.Equal("It is number 6 now, at 1 Mbit/s (was 1, at 57600).", words);
        servo.CyclePower();
        Assert.Equal((6, 1_000_000), (servo.Id, servo.Baud));
    }

    [Fact]
    public void A_servo_of_another_joints_model_is_left_alone()
    {
        var servo = Servo(DynamixelModel.Xl330M288);
        using var bus = Bus(new SimulatedBus([servo], new DynamixelPackets()));

        Assert.False(MotorSetUp.TrySet(bus, ArmKind.Koch, 2, out var words));

        Assert.Equal("This servo is of model 1200, XL330-M288, not an XL430-W250 (1060): connect the right one", words);
        Assert.Equal(1, servo.Id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3_000)]
    [InlineData(-700)]
    public void It_is_calibrated_by_moving_it_and_its_middle_reads_2047(int turned)
    {
        var servos = SimulatedBus.Dynamixel(KochJoints.Turned(turned), isLeader: false);
        using var bus = Bus(servos);

        var calibration = Wizard(Sweep(servos)).Run(bus, ArmKind.Koch);

        foreach (var (servo, joint) in servos.Servos.Zip(calibration.Joints))
        {
            Assert.Equal(0, joint.DriveMode);
            if (joint.Id is 1 or 5)
            {
                Assert.Equal((0, 4_095), (joint.RangeMin, joint.RangeMax));
                continue;
            }

            Assert.InRange(joint.RangeMax - joint.RangeMin - (servo.Joint.LastStop - servo.Joint.FirstStop), -4, 4);
            Assert.InRange((joint.RangeMin + joint.RangeMax) / 2 - 2_047, -2, 2);
            servo.CyclePower();
            // Present = raw + offset, a turn more or less.
            var middle = (servo.Joint.FirstStop + servo.Joint.LastStop) / 2;
            Assert.InRange(Math.IEEERemainder(middle + joint.HomingOffset - 2_047, 4_096), -4, 4);
        }

        Assert.Null(calibration.DifferenceFrom(ArmCalibration.FromServos(bus, ArmKind.Koch), bus.Make));
        Assert.Contains("Only shoulder_pan and wrist_roll have no stops", $"{_said}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_leaders_elbow_counts_the_other_way_round_by_itself()
    {
        var servos = SimulatedBus.Koch(isLeader: true);
        using var bus = Bus(servos);

        var calibration = Wizard(Sweep(servos)).Run(bus, ArmKind.KochLeader);

        Assert.Equal([0, 0, 1, 0, 0, 0], calibration.Joints.Select(joint => joint.DriveMode));
        Assert.Equal(1, servos.Servos[2][XSeries.DriveMode.Address] & 1);
        // So the numbers are not turned round once more.
        var scale = new ArmScale(calibration, ScaleKind.Range, bus.Make);
        Assert.Equal(-100, scale[2].ToValue(calibration.Joints[2].RangeMin), 0.1);

        // LeRobot's file, where LeRobot has it; and the servos have what it says.
        var file = CalibrationFiles.New(_folder.Path, ArmKind.KochLeader, "mine");
        Assert.EndsWith("teleoperators/koch_leader/mine.json", file, StringComparison.Ordinal);
        calibration.Save(file);
        var read = ArmCalibration.Load(file, ArmKind.KochLeader);
        Assert.Null(read.DifferenceFrom(ArmCalibration.FromServos(bus, ArmKind.KochLeader), bus.Make));
        bus.Set(3, XSeries.DriveMode, 0);
        Assert.Equal(
            "elbow_flex has drive mode 0 in its servo, 1 in the file",
            read.DifferenceFrom(ArmCalibration.FromServos(bus, ArmKind.KochLeader), bus.Make)
        );
    }

    [Fact]
    public void Ports_are_told_with_the_kind_of_arm_that_answers_there()
    {
        var port = new PortFinder(
            () => ["/dev/a", "/dev/b", "/dev/c"],
            (name, make) =>
                name switch
                {
                    "/dev/a" => Bus(SimulatedBus.Koch(), make),
                    "/dev/b" => Bus(SimulatedBus.Koch(isLeader: true), make),
                    _ => Bus(SimulatedBus.Dynamixel([.. SimulatedJoint.Koch().Take(2)], isLeader: false), make),
                },
            name => name
        );

        port.Find(new Dialogue(new StringReader("q\n"), _said, CancellationToken.None, TimeSpan.Zero));

        Assert.Equal(
            [
                "/dev/a: an arm of six servos (koch), not calibrated yet",
                "/dev/b: an arm of six servos (koch_leader), not calibrated yet",
                "/dev/c: servos 1, 2 answer; an arm has 1 to 6",
            ],
            $"{_said}".Split('\n')[..3]
        );
    }

    private static DynamixelServo Servo(DynamixelModel model) => new(1, SimulatedJoint.Koch()[5], model);

    private ServoBus Bus(SimulatedBus servos, ServoMake? make = null) =>
        new(new SimulatedPort(servos, _time), make ?? XSeries.Make, _time, ArmKind.ServoNames);

    private CalibrationWizard Wizard(params Func<string?>[] lines) =>
        new(new Dialogue(new Lines(lines), _said, CancellationToken.None, TimeSpan.Zero), _time, isLive: false);

    /// <summary>Moves all joints with stops from one to the other by hand; the line comes when that is done.</summary>
    private Func<string?> Sweep(SimulatedBus servos) =>
        () =>
        {
            const double Seconds = 6;
            var began = _time.NowNs() / 1e9;
            servos.Passing = now =>
            {
                var share = Math.Min(1, (now - began) / Seconds);
                foreach (var servo in servos.Servos.Where(servo => servo.Joint.FirstStop != 0))
                {
                    var middle = (servo.Joint.FirstStop + servo.Joint.LastStop) / 2;
                    var half = (servo.Joint.LastStop - servo.Joint.FirstStop) / 2;
                    servo.Hand = middle + 1.2 * half * Math.Sin(2 * Math.PI * share);
                }
            };
            Assert.True(SpinWait.SpinUntil(() => _time.NowNs() / 1e9 > began + Seconds + 1, TimeSpan.FromSeconds(60)));
            servos.Passing = null;
            return "";
        };

    /// <summary>Somebody who types Enter when what was to be done first is done, and Enter after that.</summary>
    private sealed class Lines(Func<string?>[] lines) : TextReader
    {
        private int _next;

        public override string? ReadLine() => _next < lines.Length ? lines[_next++]() : "";
    }
}
