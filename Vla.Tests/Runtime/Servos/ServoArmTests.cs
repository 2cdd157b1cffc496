using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Robots;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Servos.Ports;
using Vla.Runtime.ServoSimulation;

namespace Vla.Tests.Runtime.Servos;

/// <summary>A whole arm on a pseudo-terminal: connected, driven, lost, found again, brought to rest.</summary>
public sealed class ServoArmTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly ArmAddress Address = ArmAddress.Read("so101:/dev/none", isLeader: false)!;

    private readonly TemporaryDirectory _folder = new();
    private readonly List<IDisposable> _parts = [];
    private readonly List<string> _said = [];
    private long _sequence;

    public void Dispose()
    {
        foreach (var part in Enumerable.Reverse(_parts))
            part.Dispose();
        _folder.Dispose();
    }

    [LinuxFact]
    public void It_is_connected_goes_where_it_is_told_and_is_let_go_where_it_was_found()
    {
        var simulated = Simulated();
        var arm = Arm(simulated);
        Assert.False(Torque(simulated));
        var found = Angles(simulated);

        Drive(arm, until: () => Near(arm, 40));
        Assert.True(Torque(simulated));
        Assert.True(arm.States.NewestNs > 0);

        arm.Disconnect();
        Assert.True(arm.WaitAtRest(Patience));
        Assert.False(Torque(simulated));
        Assert.All(Angles(simulated).Zip(found), pair => Assert.InRange(pair.First - pair.Second, -70, 70));
        Assert.Empty(_said);
    }

    [LinuxFact]
    public void A_pulled_plug_is_told_and_the_arm_goes_on_when_it_is_in_again()
    {
        var simulated = Simulated();
        using var connection = new RobotConnection(Arm(simulated, isConnected: false), TimeProvider.System);
        connection.Connect(CancellationToken.None);
        Drive(connection, until: () => Torque(simulated));

        simulated.Line.Unplug();
        Until(() => connection.Lost is not null, () => Try(connection));
        Assert.Contains($"{simulated.Line.Name} is gone", connection.Lost, StringComparison.Ordinal);
        // The servos hold it meanwhile.
        Assert.True(Torque(simulated));

        simulated.Line.Plug();
        Until(() => connection.Lost is null);
        Assert.Equal(1, connection.Reconnected);
        Drive(connection, until: () => simulated.Line.Do(bus => Math.Abs(bus.Servos[0].Angle - 2_050) > 200));
    }

    [LinuxFact]
    public void One_that_was_left_holding_is_taken_over_and_brought_to_where_it_was_found_before()
    {
        var simulated = Simulated();
        int[]? rest = null;
        var killed = Arm(simulated, options => options with { KeepRest = found => rest = found });
        Drive(killed, until: () => Near(killed, 40));
        // As a process that is killed leaves it: with torque, and a port that is free.
        simulated.Line.Unplug();
        Until(() => killed.WaitAtRest(TimeSpan.Zero));
        simulated.Line.Plug();

        var next = Arm(simulated, options => options with { Rest = rest });
        Assert.True(Torque(simulated));
        next.Disconnect();

        Assert.True(next.WaitAtRest(Patience));
        Assert.False(Torque(simulated));
        Assert.InRange(simulated.Line.Do(bus => bus.Servos[1].Angle), 800, 900);
    }

    [LinuxFact]
    public void One_of_which_nobody_knows_where_it_can_lie_is_left_holding_and_that_is_said()
    {
        var simulated = Simulated();
        simulated.Line.Do(bus =>
        {
            foreach (var servo in bus.Servos)
                servo.Write(40, [1]);
        });
        var arm = Arm(simulated);

        arm.Disconnect();

        Assert.True(arm.WaitAtRest(Patience));
        Assert.True(Torque(simulated));
        Assert.StartsWith(
            "robot so101:test goes on holding where it is, since it is not known where it can lie: support it",
            Assert.Single(_said),
            StringComparison.Ordinal
        );
    }

    [LinuxTheory]
    [InlineData("silence elbow_flex", "servo 3, elbow_flex does not answer: check the cables at it")]
    [InlineData("volts 12.1", "servo 1, shoulder_pan has 12.1 V, and is made for 4.0 to 8.0 V: give the arm the right")]
    public void An_arm_that_is_not_as_it_has_to_be_is_refused_with_what_to_do(string what, string why)
    {
        var simulated = Simulated();
        simulated.Tell(what);

        var error = Assert.ThrowsAny<RobotException>(() => Arm(simulated));

        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.False(Torque(simulated));
    }

    [LinuxFact]
    public void Servos_that_were_calibrated_otherwise_than_the_file_says_are_refused()
    {
        var simulated = Simulated();
        var joints = Calibration(simulated).Joints.ToArray();
        joints[2] = joints[2] with { HomingOffset = 5 };

        var error = Assert.Throws<RobotException>(() =>
            Arm(simulated, options => options with { Calibration = new ArmCalibration(joints) })
        );

        Assert.StartsWith(
            "robot 'so101:test' has another calibration than its file: elbow_flex has offset ",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [LinuxFact]
    public void Servos_that_nobody_calibrated_are_refused()
    {
        var simulated = new SimulatedArm("so101", isLeader: false, isCalibrated: false);
        _parts.Add(simulated);

        var error = Assert.Throws<RobotException>(() =>
            Opening().OptionsOf(Address with { Port = simulated.Line.Name })
        );

        Assert.Contains(
            "is not calibrated: servo 1, shoulder_pan may turn all round",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [LinuxFact]
    public void An_arm_is_found_by_its_port_or_by_its_name()
    {
        var simulated = Simulated();
        var opening = Opening();
        var byPort = opening.OptionsOf(Address with { Port = simulated.Line.Name });
        Assert.Equal($"so101:{simulated.Line.Name}", byPort.Name);

        var named = ArmAddress.Read("so101:my_arm?scale=range&rate=200", isLeader: false)!;
        var unknown = Assert.Throws<RobotException>(() => opening.OptionsOf(named));
        Assert.StartsWith(
            "no arm 'my_arm' is known here: give its port, so101:/dev/ttyACM0?id=my_arm",
            unknown.Message,
            StringComparison.Ordinal
        );

        var withoutFile = Assert.Throws<RobotException>(() =>
            opening.OptionsOf(named with { Port = simulated.Line.Name })
        );
        Assert.StartsWith(
            $"arm 'my_arm' has no calibration in {_folder.Path}",
            withoutFile.Message,
            StringComparison.Ordinal
        );

        byPort.Calibration.Save(CalibrationFiles.New(_folder.Path, ArmKind.All[0], "my_arm"));
        new KnownArms(_folder.File("arms")).Keep(ArmKind.All[0], "my_arm", new KnownArm("so101", simulated.Line.Name));
        var options = opening.OptionsOf(named);
        Assert.Equal(
            ("so101:my_arm", simulated.Line.Name, 200, ScaleKind.Range),
            (options.Name, options.Port, options.RateHz, options.Scale)
        );

        options.KeepRest([1, 2, 3, 4, 5, 6]);
        Assert.Equal([1, 2, 3, 4, 5, 6], opening.OptionsOf(named).Rest!);
    }

    [Theory]
    [InlineData("so101:/dev/ttyACM0", "so101:/dev/ttyACM0")]
    [InlineData("so100:/dev/ttyUSB1?id=my_arm&scale=range&rate=50", "so100:/dev/ttyUSB1?id=my_arm&scale=range&rate=50")]
    [InlineData("so101:my_arm?scale=degrees", "so101:my_arm")]
    [InlineData("so101:COM3", "so101:COM3")]
    [InlineData("so101:./arms/a", "so101:/base/arms/a")]
    public void An_address_is_read_and_written(string text, string whole) =>
        Assert.Equal(whole, $"{RobotSpec.Arm.Read(text)!.RelativeTo("/base")}");

    [Theory]
    [InlineData("so101:", "it names neither port nor arm")]
    [InlineData("so101:?id=a", "it names neither port nor arm")]
    [InlineData("so101:/dev/x?rate=300", "rate is 300; allowed is 10 to 200 Hz")]
    [InlineData("so101:/dev/x?rate=NaN", "rate is NaN; allowed is 10 to 200 Hz")]
    [InlineData("so101:/dev/x?scale=radians", "scale is radians; allowed is degrees or range")]
    [InlineData("so101:/dev/x?speed=3", "'speed=3' is no option of it")]
    [InlineData("so101:name?id=other", "'id=other' is no option of it")]
    [InlineData("so101_leader:/dev/x", "is a leader: it leads and is not driven; give --leader so101_leader:/dev/x")]
    [InlineData("so101:my arm", "is no name for an arm")]
    public void An_address_that_is_written_wrongly_is_told_with_what_is_allowed(string text, string why)
    {
        var error = Assert.Throws<UsageException>(() => RobotSpec.Arm.Read(text));

        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"robot\":\"so101\",\"port\":\"\"}")]
    [InlineData("{\"robot\":\"so101\",\"port\":\"/dev/x\",\"rest\":[1]}")]
    [InlineData("null")]
    public void What_is_remembered_of_an_arm_and_is_damaged_is_told_with_the_file(string text)
    {
        File.WriteAllText(_folder.File("arm.so101.json"), text);

        var error = Assert.Throws<RobotException>(() => new KnownArms(_folder.Path).Find(ArmKind.All[0], "arm"));

        Assert.Equal(
            $"{_folder.File("arm.so101.json")} is damaged: delete it; the arm is known again after ./vla calibrate",
            error.Message
        );
    }

    private SimulatedArm Simulated()
    {
        var arm = new SimulatedArm("so101", isLeader: false, isCalibrated: true, _folder.File("port"));
        _parts.Add(arm);
        return arm;
    }

    private ArmOpening Opening() =>
        new(new KnownArms(_folder.File("arms")), _folder.Path, SerialPorts.Open, TimeProvider.System);

    private ArmCalibration Calibration(SimulatedArm arm) =>
        Opening().CalibrationOf(Address with { Port = arm.Line.Name });

    private ServoArm Arm(SimulatedArm simulated, Func<ArmOptions, ArmOptions>? with = null, bool isConnected = true)
    {
        // Read where all is well, whatever has happened to it.
        var bench = new ArmBench();
        var options = new ArmOptions
        {
            Kind = ArmKind.All[0],
            Port = simulated.Line.Name,
            Name = "so101:test",
            Calibration = bench.Calibration,
            Scale = ScaleKind.Range,
            Say = _said.Add,
            // This machine may have other things to do for longer than a servo may be silent.
            Limits = new ArmLimits { LostSeconds = 5 },
        };
        var arm = new ServoArm(with?.Invoke(options) ?? options, TimeProvider.System);
        if (!isConnected)
            return arm;
        arm.Connect(CancellationToken.None);
        _parts.Add(arm);
        return arm;
    }

    /// <summary>Tells it to go to one side, again and again, until something is so.</summary>
    private void Drive(IRobot arm, Func<bool> until) => Until(until, () => Try(arm));

    private void Try(IRobot arm)
    {
        try
        {
            arm.Apply(
                new PublishedAction
                {
                    Sequence = ++_sequence,
                    State = ControlState.Policy,
                    Reason = "",
                    Values = ActionValues.Create([40, -60, 60, 0, 0, 50]),
                    Clamped = 0,
                    Origin = new Origin(),
                    PublishedNs = 1,
                    DeadmanMs = 10_000,
                }
            );
        }
        catch (RobotLostException)
        {
            // That is what some wait for.
        }
    }

    private static void Until(Func<bool> isSo, Action? meanwhile = null) =>
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    meanwhile?.Invoke();
                    return isSo();
                },
                Patience
            )
        );

    private static bool Near(ServoArm arm, double value) =>
        arm.States.TryReadOne(long.MaxValue, 0, out var pan, out _) && Math.Abs(pan - value) < 3;

    private static bool Torque(SimulatedArm arm) => arm.Line.Do(bus => bus.Servos.All(servo => servo.HasTorque));

    private static double[] Angles(SimulatedArm arm) =>
        arm.Line.Do(bus => bus.Servos.Select(servo => servo.Angle).ToArray());
}
