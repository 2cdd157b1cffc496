using Vla.Actors.Robots;
using Vla.Runtime;
using Vla.Runtime.Driving;
using Vla.Runtime.Robots;
using Vla.Runtime.Servos;
using Vla.Runtime.Servos.Arms;
using Vla.Runtime.Servos.Feetech;
using Vla.Runtime.Servos.Ports;
using Vla.Runtime.ServoSimulation;
using Vla.Sensors.Datasets;
using Vla.Tests.Runtime.Servos;

namespace Vla.Tests.Runtime.Driving;

/// <summary>A simulated arm that is led by another one, or by what was recorded.</summary>
public sealed class DirectDriveTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _folder = new();
    private readonly ArmBench _bench = new();
    private readonly List<IDisposable> _parts = [];

    public void Dispose()
    {
        foreach (var part in Enumerable.Reverse(_parts))
            part.Dispose();
        _bench.Dispose();
        _folder.Dispose();
    }

    [LinuxFact]
    public void An_arm_does_what_its_leader_does_holds_without_it_and_lies_down_in_the_end()
    {
        var (simulated, arm) = Follower();
        var leads = new SimulatedArm("leader", isLeader: true, isCalibrated: true, _folder.File("leader"));
        _parts.Add(leads);
        leads.Line.Do(bus => bus.Servos[0].Hand = 2_600);
        var drive = new DirectDrive(new RobotMade(arm, arm.Profile), TimeProvider.System, CancellationToken.None);
        _parts.Add(drive);
        var leader = new ServoLeader(ArmKind.So101Leader, leads.Line.Name, _bench.Scale, Bus, TimeProvider.System)
        {
            Moved = (atNs, values) => drive.Offer(values, atNs),
        };
        using var told = new CancellationTokenSource();
        drive.Start();
        var leading = Task.Run(() => leader.Run(leader.Connect(), 60, told.Token));

        Until(() => Math.Abs(Angle(simulated, 0) - 2_600) < 30);
        Assert.True(arm.Latency.Read(TimeProvider.System.GetTimestamp()).P50Ns > 0);
        // A person moves it: it has no torque.
        Assert.DoesNotContain(leads.Line.Do(bus => bus.Servos), servo => servo.HasTorque);

        leads.Line.Unplug();
        Until(() => leader.Lost is not null && drive.Control.Last!.State == ControlState.Stop);
        leads.Line.Plug();
        leads.Line.Do(bus => bus.Servos[0].Hand = 1_800);
        Until(() => Math.Abs(Angle(simulated, 0) - 1_800) < 30);

        told.Cancel();
        Assert.True(leading.Wait(Patience));
        Assert.True(drive.End("it is over"));
        Assert.InRange(Angle(simulated, 1), 800, 900);
        Assert.DoesNotContain(simulated.Line.Do(bus => bus.Servos), servo => servo.HasTorque);
    }

    [LinuxFact]
    public async Task A_recorded_episode_is_carried_out_again_from_its_first_pose_to_its_last()
    {
        var (simulated, arm) = Follower();
        var dataset = Recorded(ArmScale.Names, [.. Enumerable.Range(0, 30).Select(i => (float)(i - 10))]);
        var replay = EpisodeReplay.Read(dataset, 1, arm.Profile);
        using var drive = new DirectDrive(new RobotMade(arm, arm.Profile), TimeProvider.System, CancellationToken.None);
        var said = new List<string>();
        drive.Start();

        await replay.RunAsync(drive, TimeProvider.System, said.Add, CancellationToken.None).WaitAsync(Patience);

        Assert.Equal(["goes slowly to the first pose", "replays 30 actions in 1.0 s"], said);
        var last = _bench.Scale[0].ToPosition(19);
        Until(() => Math.Abs(simulated.Line.Do(bus => bus.Servos[0].Word(56)) - last) < 40);
        Assert.True(drive.End("it is over"));
    }

    [LinuxFact]
    public void What_is_no_episode_of_this_robot_is_told()
    {
        var (_, arm) = Follower();
        var dataset = Recorded(ArmScale.Names, [0, 1, 2]);
        var others = Recorded(["x", "y", "z", "a", "b", "c"], [0, 1, 2]);

        var none = Assert.Throws<UsageException>(() => EpisodeReplay.Read(dataset, 2, arm.Profile));
        Assert.Equal($"--episode is 2: {dataset} has 2 episodes, numbered from 0", none.Message);
        var another = Assert.Throws<UsageException>(() => EpisodeReplay.Read(others, 0, arm.Profile));
        Assert.StartsWith(
            $"{others} has the actions x y z a b c, the robot takes shoulder_pan.pos ",
            another.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_cannot_be_driven_directly_is_told()
    {
        Action<string> quiet = _ => { };

        var world = Assert.Throws<UsageException>(() =>
            DirectDrive.Make("world", "follow a leader", TimeProvider.System, quiet)
        );
        Assert.Contains("cannot follow a leader: give so101:PORT", world.Message, StringComparison.Ordinal);

        var profile = DirectDrive.Make(Repository.File("config/robots/notebook.json"), "x", TimeProvider.System, quiet);
        var alone = Assert.Throws<RobotProfileException>(() =>
            new DirectDrive(profile, TimeProvider.System, CancellationToken.None)
        );
        Assert.Contains("is a profile alone: give a robot", alone.Message, StringComparison.Ordinal);
    }

    private (SimulatedArm Simulated, ServoArm Arm) Follower()
    {
        var simulated = new SimulatedArm("follower", isLeader: false, isCalibrated: true);
        _parts.Add(simulated);
        var options = new ArmOptions
        {
            Kind = ArmKind.All[0],
            Port = simulated.Line.Name,
            Name = "so101:test",
            Calibration = _bench.Calibration,
            Scale = ScaleKind.Range,
            Limits = new ArmLimits { LostSeconds = 5 },
        };
        return (simulated, new ServoArm(options, TimeProvider.System));
    }

    /// <summary>
    /// A dataset of two episodes; the first joint goes through these values, the others stand upright.
    /// </summary>
    private string Recorded(IReadOnlyList<string> names, float[] first)
    {
        var root = _folder.File($"data{names[0]}{first.Length}");
        using var writer = DatasetWriter.Create(
            root,
            30,
            "so101",
            [DatasetFeature.Floats(DatasetFeature.Action, names)]
        );
        for (var episode = 0; episode < 2; episode++)
        {
            using var recording = writer.Begin();
            foreach (var value in first)
            {
                recording.Set(DatasetFeature.Action, [value, 0, 0, 0, 0, 50]);
                recording.EndFrame("wave");
            }

            writer.Save(recording);
        }

        return root;
    }

    private static ServoBus Bus(string port) =>
        new(SerialPorts.Open(port, 1_000_000), Sts3215.Make, TimeProvider.System, ArmKind.ServoNames);

    private static double Angle(SimulatedArm arm, int joint) => arm.Line.Do(bus => bus.Servos[joint].Angle);

    private static void Until(Func<bool> isSo) => Assert.True(SpinWait.SpinUntil(isSo, Patience));
}
