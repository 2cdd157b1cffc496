using System.Text.Json;
using Vla.Runtime.Recording;
using Vla.Runtime.ServoSimulation;
using Vla.Sensors.Datasets;

namespace Vla.Tests.Runtime.Teleoperation;

/// <summary><c>vla record --teleop</c> as a process, with simulated arms on ports of this process.</summary>
[Collection(AgainstTheClock.Name)]
public sealed class RecordingByHandTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TemporaryDirectory _folder = new();
    private readonly List<SimulatedArm> _arms = [];

    public void Dispose()
    {
        foreach (var arm in _arms)
            arm.Dispose();
        _folder.Dispose();
    }

    [LinuxFact]
    public async Task A_recording_that_is_killed_loses_the_episode_under_way_and_the_same_command_goes_on()
    {
        var follower = Arm("so101", isLeader: false);
        var leader = Arm("so101_leader", isLeader: true);
        leader.Tell("wave");
        var root = _folder.File("data");
        string[] command =
        [
            "record",
            "--teleop",
            $"so101_leader:{leader.Line.Name}",
            "--robot",
            $"so101:{follower.Line.Name}",
            "--camera",
            "synthetic",
            "--output",
            root,
            "--task",
            "wave",
            "--episodes",
            "3",
            "--episode-seconds",
            "1",
            "--reset-seconds",
            "0.5",
            "--http",
            "off",
        ];

        using (var killed = VlaProcess.Start(_folder.Path, Environment, command))
        {
            // The first is saved, and of the second there are pictures.
            Assert.True(SpinWait.SpinUntil(() => Saved(root) == 1 && IsUnderWay(root), Patience));
            await killed.SignalAsync("KILL");
            await killed.EndAsync();
        }

        using (var dataset = LeRobotDataset.Open(root))
            Assert.InRange(dataset.Episodes.Count, 1, 2);
        using (var resumed = VlaProcess.Start(_folder.Path, Environment, command))
        {
            var (code, errors) = await resumed.EndAsync();
            Assert.True(code == 0, string.Join('\n', errors));
            Assert.Contains(errors, line => line.EndsWith("the run ends: all 3 episodes are recorded", Ordinal));
        }

        using (var dataset = LeRobotDataset.Open(root))
        {
            Assert.Equal(3, dataset.Episodes.Count);
            Assert.Equal("so101", dataset.Info.RobotType);
            foreach (var episode in dataset.Episodes)
            {
                Assert.Equal(["wave"], episode.Tasks);
                var frames = dataset.Read(episode);
                var actions = frames.Floats(DatasetFeature.Action).ToArray();
                Assert.True(actions.Distinct().Count() > actions.Length / 4, "the follower was led");
                Assert.Equal(actions.Length, frames.Floats(RecordingTarget.Wanted).Length);
                var seconds = frames.Floats(RecordingTarget.Seconds).ToArray();
                Assert.Equal(0, seconds[0]);
                Assert.InRange(seconds[^2], 0.5f, 1.5f);
            }
        }

        using var full = VlaProcess.Start(_folder.Path, Environment, command);
        var (refused, why) = await full.EndAsync();
        Assert.Equal(1, refused);
        Assert.Contains("has 3 episodes already, and --episodes is 3", Assert.Single(why), Ordinal);
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;

    private (string, string)[] Environment => [("HOME", _folder.Path), ("XDG_CONFIG_HOME", _folder.File("config"))];

    private SimulatedArm Arm(string name, bool isLeader)
    {
        var arm = new SimulatedArm(name, isLeader, isCalibrated: true, _folder.File(name));
        _arms.Add(arm);
        return arm;
    }

    private static int Saved(string root)
    {
        var file = Path.Combine(root, "meta", "info.json");
        if (!File.Exists(file))
            return 0;
        try
        {
            using var info = JsonDocument.Parse(File.ReadAllBytes(file));
            return info.RootElement.GetProperty("total_episodes").GetInt32();
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return 0;
        }
    }

    private static bool IsUnderWay(string root)
    {
        var folder = Path.Combine(root, ".recording");
        return Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.mp4").Any();
    }
}
