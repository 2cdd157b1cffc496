using Vla.Actors.Robots;
using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Feetech;
using Vla.Runtime.Servos.Ports;
using Vla.Runtime.ServoSimulation;

namespace Vla.Tests.Runtime.Servos;

/// <summary>Real ports: pseudo-terminals, with a simulated arm at the other end.</summary>
public sealed class SerialPortTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [LinuxTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_arm_answers_through_either_kind_of_port(bool isLinuxs)
    {
        using var arm = new SimulatedArm("arm", isLeader: false, isCalibrated: true);
        using var bus = Bus(
            isLinuxs ? new LinuxSerialPort(arm.Line.Name, 1_000_000) : new SystemSerialPort(arm.Line.Name, 1_000_000)
        );

        Assert.Equal([1, 2, 3, 4, 5, 6], Patiently(bus.PingAll));
        Assert.Equal(Sts3215.Model, bus.Read(4, Sts3215.ModelNumber));
    }

    [LinuxFact]
    public void The_arm_hears_at_the_speed_that_was_set_alone()
    {
        using var arm = new SimulatedArm("arm", isLeader: false, isCalibrated: true);
        using var port = SerialPorts.Open(arm.Line.Name, 115_200);
        using var bus = Bus(port);

        Assert.Empty(bus.PingAll());
        bus.Baud = 1_000_000;

        Assert.NotEmpty(Patiently(bus.PingAll));
    }

    [LinuxFact]
    public void A_port_that_another_program_has_is_refused_also_to_root()
    {
        using var arm = new SimulatedArm("arm", isLeader: false, isCalibrated: true);
        using var first = SerialPorts.Open(arm.Line.Name, 1_000_000);

        var error = Assert.Throws<RobotException>(() => SerialPorts.Open(arm.Line.Name, 1_000_000));

        Assert.Equal(
            $"serial port {arm.Line.Name} cannot be opened: another program has it; end that one",
            error.Message
        );
    }

    [LinuxTheory]
    [InlineData("none", "it is not there; plug the arm's USB cable in, ./vla find-port tells its name")]
    [InlineData("file", "it is no serial port; ./vla find-port tells the arm's")]
    public void What_is_no_port_is_refused_with_what_to_do(string what, string why)
    {
        File.WriteAllText(_folder.File("file"), "");

        var error = Assert.Throws<RobotException>(() => SerialPorts.Open(_folder.File(what), 1_000_000));

        Assert.Equal($"serial port {_folder.File(what)} cannot be opened: {why}", error.Message);
    }

    [LinuxFact]
    public void A_plug_that_is_pulled_is_noticed_and_found_again_under_its_name()
    {
        using var arm = new SimulatedArm("arm", isLeader: false, isCalibrated: true, _folder.File("arm"));
        using var bus = Bus(SerialPorts.Open(_folder.File("arm"), 1_000_000));

        arm.Line.Unplug();

        var error = Assert.Throws<RobotLostException>(() => bus.Ping(1));
        Assert.StartsWith($"{_folder.File("arm")} is gone", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("arm")));

        arm.Line.Plug();
        using var again = Bus(SerialPorts.Open(_folder.File("arm"), 1_000_000));
        Assert.NotEmpty(Patiently(again.PingAll));
    }

    [LinuxFact]
    public void What_happens_to_a_simulated_arm_is_told_to_it_in_words()
    {
        using var arm = new SimulatedArm("arm", isLeader: false, isCalibrated: true);

        Assert.Equal("heat elbow_flex 80", arm.Tell("heat elbow_flex 80"));
        Assert.Equal(80, arm.Line.Do(bus => bus.Servos[2].Temperature), 1.0);
        Assert.Equal("lost is 0.1", arm.Tell("lost 0.1"));
        Assert.Equal(0.1, arm.Line.Do(bus => bus.Conditions.Lost));
        Assert.Contains("elbow_flex", arm.Tell("show"), StringComparison.Ordinal);
        foreach (
            var wrong in new[]
            {
                "heat elbow_flex",
                "heat elbow_flex hot",
                "heat nose 80",
                "lost -1",
                "lost NaN",
                "fly",
                "block",
            }
        )
            Assert.StartsWith($"'{wrong}' is not known; give show", arm.Tell(wrong), StringComparison.Ordinal);
    }

    private static ServoBus Bus(ISerialPort port) => new(port, Sts3215.Make, TimeProvider.System, ServoNames.None);

    /// <summary>On a machine with other things to do an answer may come too late: asked a few times.</summary>
    private static IReadOnlyList<int> Patiently(Func<IReadOnlyList<int>> ask)
    {
        var found = ask();
        for (var i = 0; i < 20 && found.Count < 6; i++)
            found = ask();
        return found;
    }
}
