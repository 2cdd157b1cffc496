using Vla.Runtime.ServoSimulation;
using Vla.Sensors.Datasets.Checks;

namespace Vla.Tests.Runtime.Teleoperation;

/// <summary>
/// Each step of the way with an arm is killed, or loses its arm, in its middle: at most the episode under way is lost,
/// the arm stays where it is, and the next command goes on.
/// </summary>
[Collection(AgainstTheClock.Name)]
public sealed class KilledOnTheWayTests : IDisposable
{
    private const StringComparison Ordinal = StringComparison.Ordinal;
    private const int Goal = 42;
    private const int Offset = 31;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TemporaryDirectory _folder = new();
    private readonly SimulatedArm _follower;
    private readonly SimulatedArm _leader;

    public KilledOnTheWayTests()
    {
        _follower = new SimulatedArm("so101", isLeader: false, isCalibrated: true, _folder.File("so101"));
        _leader = new SimulatedArm("so101_leader", isLeader: true, isCalibrated: true, _folder.File("so101_leader"));
        _leader.Tell("wave");
    }

    private string Data => _folder.File("data");

    private string Robot => $"so101:{_follower.Line.Name}";

    private (string, string)[] Environment => [("HOME", _folder.Path), ("XDG_CONFIG_HOME", _folder.File("config"))];

    public void Dispose()
    {
        _follower.Dispose();
        _leader.Dispose();
        _folder.Dispose();
    }

    [LinuxTheory]
    [InlineData("teleop")]
    [InlineData("run")]
    public async Task An_arm_that_is_led_stays_where_it_is_and_the_next_one_brings_it_to_rest(string command)
    {
        string[] line =
            command == "run" ? ["run", "--http", "off", "--camera", "synthetic", "--teleop"] : [command, "--leader"];
        line = [.. line, $"so101_leader:{_leader.Line.Name}", "--robot", Robot];
        using (var killed = Start(line))
        {
            Until(IsDriven);
            await KillAsync(killed);
        }

        UntilStill();
        Assert.All(Servos(servo => servo.HasTorque), Assert.True);

        using var next = Start([.. line, "--duration", "8"]);
        var (code, errors) = await next.EndAsync();

        Assert.True(code == 0, string.Join('\n', errors));
        Assert.DoesNotContain(Servos(servo => servo.HasTorque), has => has);
        Assert.InRange(Servos(servo => servo.Angle)[1], 800, 900);
    }

    [LinuxFact]
    public async Task A_replay_is_carried_out_anew_and_an_edit_leaves_the_whole_dataset_or_none_of_it()
    {
        await EndedWellAsync(Record(episodes: 2, seconds: 3));
        string[] replay = ["replay", "--dataset", Data, "--episode", "1", "--robot", Robot];
        using (var killed = Start(replay))
        {
            Until(IsDriven);
            await KillAsync(killed);
        }

        UntilStill();
        await EndedWellAsync(replay);
        Assert.DoesNotContain(Servos(servo => servo.HasTorque), has => has);

        string[] delete = ["dataset", "delete", Data, "--episodes", "0", "--in-place"];
        using (var killed = Start(delete))
        {
            Until(() => Left().Length > 0 || killed.HasExited);
            await KillAsync(killed);
        }

        // Before or after, whenever it was killed; the next one goes on, and nothing is left of the one before.
        var episodes = Whole();
        Assert.InRange(episodes, 1, 2);
        if (episodes == 2)
        {
            await EndedWellAsync(delete);
            Assert.Empty(Left());
        }

        Assert.Equal(1, Whole());
    }

    [LinuxFact]
    public async Task A_calibration_that_is_killed_is_named_and_the_file_of_before_can_be_written_back()
    {
        // The file that there is from before.
        var before = Servos(servo => servo.Word(Offset));
        await EndedWellAsync(["calibrate", Robot, "--id", "mine"], Sweep());
        var calibrated = Servos(servo => servo.Word(Offset));
        using (var killed = Start("calibrate", Robot, "--id", "mine"))
        {
            // Its servos have forgotten their offsets by now.
            Until(() => Servos(servo => servo.Word(Offset)).All(offset => offset == 0));
            await KillAsync(killed);
        }

        using (var refused = Start("teleop", "--leader", $"so101_leader:{_leader.Line.Name}", "--robot", "so101:mine"))
        {
            var (code, errors) = await refused.EndAsync();
            Assert.NotEqual(0, code);
            Assert.Contains("./vla calibrate", Assert.Single(errors), Ordinal);
        }

        await EndedWellAsync(["calibrate", "so101:mine", "--write-file"]);

        Assert.Equal(calibrated, Servos(servo => servo.Word(Offset)));
        Assert.NotEqual(before, calibrated);
    }

    [LinuxTheory]
    [InlineData("unplug", "plug")]
    [InlineData("block shoulder_pan", "free shoulder_pan")]
    public async Task An_episode_in_which_the_arm_is_lost_or_blocked_is_not_kept_and_the_others_are(
        string what,
        string undone
    )
    {
        using var recording = Start(Record(episodes: 2, seconds: 6));
        Until(() => IsUnderWay() || recording.HasExited);

        _follower.Tell(what);
        Until(() => !IsUnderWay() || recording.HasExited);
        _follower.Tell(undone);
        var (code, errors) = await recording.EndAsync();

        Assert.True(code == 0, string.Join('\n', errors));
        Assert.Contains(errors, line => line.Contains("episode 1 is not kept: the robot stopped", Ordinal));
        Assert.Equal(2, Whole());
        Assert.DoesNotContain(Servos(servo => servo.HasTorque), has => has);
    }

    private string[] Record(int episodes, double seconds) =>
        [
            "record",
            "--teleop",
            $"so101_leader:{_leader.Line.Name}",
            "--robot",
            Robot,
            "--camera",
            "synthetic",
            "--output",
            Data,
            "--task",
            "wave",
            "--episodes",
            $"{episodes}",
            "--episode-seconds",
            FormattableString.Invariant($"{seconds}"),
            "--reset-seconds",
            "0.5",
            "--http",
            "off",
        ];

    private VlaProcess Start(params string[] arguments) => VlaProcess.Start(_folder.Path, Environment, arguments);

    private async Task EndedWellAsync(string[] arguments, Func<VlaProcess, Task>? meanwhile = null)
    {
        using var process = Start(arguments);
        if (meanwhile is not null)
            await meanwhile(process);
        var (code, errors) = await process.EndAsync();
        Assert.True(code == 0, $"{string.Join(' ', arguments)}\n{string.Join('\n', errors)}");
    }

    /// <summary>A person who moves every joint from stop to stop.</summary>
    private Func<VlaProcess, Task> Sweep() =>
        async process =>
        {
            Until(() => Servos(servo => servo.Word(Offset)).All(offset => offset == 0) || process.HasExited);
            _follower.Tell("sweep");
            // As soon as every joint was at both its stops and is back in its middle.
            var (least, most) = (Servos(servo => servo.Angle), Servos(servo => servo.Angle));
            Until(() =>
            {
                var now = Servos(servo => servo.Angle);
                least = [.. least.Zip(now, Math.Min)];
                most = [.. most.Zip(now, Math.Max)];
                var joints = Servos(servo => servo.Joint);
                return process.HasExited
                    || joints
                        .Select((joint, i) => joint.FirstStop == 0 || IsSwept(joint, least[i], most[i]))
                        .All(isSwept => isSwept);
            });
            await process.SayAsync("");
            await process.SayAsync("");
            _follower.Tell("let-go");
        };

    private static bool IsSwept(SimulatedJoint joint, double least, double most) =>
        least < joint.FirstStop + 2 && most > joint.LastStop - 2;

    private static async Task KillAsync(VlaProcess process)
    {
        await process.SignalAsync("KILL");
        await process.EndAsync();
    }

    /// <summary>Whether it is under way to where its leader is.</summary>
    private bool IsDriven() =>
        Servos(servo => servo.HasTorque).All(has => has) && Servos(servo => servo.Angle)[1] > 1_000;

    /// <summary>Waits until nothing moves, and looks whether it is where it was last told to be.</summary>
    private void UntilStill()
    {
        Until(() => Servos(servo => servo.Speed).All(speed => Math.Abs(speed) < 1));
        var away = _follower.Line.Do(bus => bus.Servos.Select(servo => servo.Word(Goal) - servo.Position).ToArray());
        Assert.All(away, steps => Assert.InRange(steps, -60, 60));
    }

    private T[] Servos<T>(Func<SimulatedServo, T> of) => _follower.Line.Do(bus => bus.Servos.Select(of).ToArray());

    /// <summary>How many episodes there are, of a dataset without a fault.</summary>
    private int Whole()
    {
        var faults = new List<string>();
        var report = DatasetCheck.Run(
            Data,
            finding =>
            {
                if (finding.IsFault)
                    faults.Add($"{finding}");
            }
        );
        Assert.Empty(faults);
        return report.Episodes;
    }

    private string[] Left() => Directory.GetDirectories(_folder.Path, ".data.*.partial");

    private bool IsUnderWay()
    {
        var folder = Path.Combine(Data, ".recording");
        return Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.mp4").Any();
    }

    private static void Until(Func<bool> isSo) => Assert.True(SpinWait.SpinUntil(isSo, Patience));
}
