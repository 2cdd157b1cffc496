using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Vla.Actors.Robots;
using Vla.Actors.Stages;
using Vla.Runtime;
using Vla.Runtime.Driving;
using Vla.Runtime.Hosting;
using Vla.Runtime.Teleoperation;
using Vla.Sensors;
using Vla.Sensors.Datasets;

namespace Vla.Tests.Runtime.Teleoperation;

/// <summary>Kinds of teleoperators, told and asked turn by turn.</summary>
public sealed class TeleoperatorTests : IDisposable
{
    private const long Ms = 1_000_000;

    private static readonly RobotProfile Steps = new("steps", true, [Dimension("x"), Dimension("y")]);

    private readonly TemporaryDirectory _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<float[]> _felt = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_key_counts_for_a_moment_and_for_as_long_as_it_is_repeated()
    {
        using var keyboard = new KeyboardTeleoperator(
            new CartesianHand(Steps, [], () => null, "the keyboard"),
            _time,
            60
        );
        Assert.True(keyboard.TakesKeys);
        Press('D');
        Assert.Equal([1, 0], Turn());
        Wait(100);
        Assert.Equal([1, 0], Turn());
        Press('d');
        Press('s');
        Wait(100);
        Assert.Equal([1, -1], Turn());
        Wait(100);
        Assert.Equal([0, 0], Turn());

        void Press(char key) => keyboard.Press(new ConsoleKeyInfo(key, default, false, false, false));

        void Wait(int ms) => _time.Advance(TimeSpan.FromMilliseconds(ms));

        float[] Turn()
        {
            keyboard.Turn(Feed(), _time.NowNs(), 0.016);
            return _felt[^1];
        }
    }

    [Fact]
    public void A_replayed_episode_waits_at_its_first_pose_and_asks_for_the_next_when_it_is_over()
    {
        var profile = new RobotProfile("places", true, [Dimension("x") with { Hold = HoldBehaviour.Keep }]);
        var root = Recorded([1, 2, 3], [7, 8]);
        using var replay = new ReplayTeleoperator("replay:x", EpisodeReplay.ReadAll(root, profile), profile, _time, 60);
        var asked = new List<TeleopRequest>();
        var feed = new TeleopFeed(profile, isCorrection: false)
        {
            WaitsForEpisodes = true,
            Felt = (_, values) => _felt.Add(values),
            Asked = asked.Add,
        };

        Assert.Equal([1f, 1], [At(0), At(5_000)]);
        replay.EpisodeBegan();
        Assert.Equal([1f, 2, 3], [At(0), At(150), At(250)]);
        Assert.Empty(asked);
        Assert.Equal(3, At(350));
        Assert.Equal(3, At(500));
        Assert.Equal([TeleopRequest.Next], asked);
        replay.ResetBegan();
        Assert.Equal(7, At(600));
        replay.EpisodeBegan();
        Assert.Equal(8, At(150));

        float At(long ms)
        {
            replay.Turn(feed, _time.NowNs() + ms * Ms, 0.016);
            return _felt[^1][0];
        }
    }

    [Fact]
    public void A_dataset_of_another_robot_leads_nobody()
    {
        var root = Recorded([1]);

        var refused = Assert.Throws<UsageException>(() => EpisodeReplay.ReadAll(root, Steps));

        Assert.Contains("has the actions x, the robot takes x y", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("foo", "'foo' leads no robot: give so101_leader:PORT-OR-NAME, keyboard, gamepad[:DEVICE], expert or")]
    [InlineData("gamepad:", "'gamepad:' names no device: give gamepad, or gamepad:/dev/input/event5")]
    [InlineData("replay:", "'replay:' names no dataset: give replay:DIR, or replay:DIR#EPISODE")]
    [InlineData("replay:x#y", "'y' in 'replay:x#y' is no episode's number: they count from 0")]
    [InlineData("so101:/dev/x", "'so101:/dev/x' is no leader: give so101_leader:PORT-OR-NAME")]
    public void What_leads_nobody_is_told_with_the_mend(string text, string expected)
    {
        var refused = Assert.Throws<UsageException>(() => TeleoperatorRegistry.Parse(text, "/"));

        Assert.StartsWith(expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keyboard", "keyboard")]
    [InlineData("gamepad", "gamepad")]
    [InlineData("gamepad:dev", "gamepad:/here/dev")]
    [InlineData("replay:data#3", "replay:/here/data#3")]
    [InlineData("so101_leader:./port", "so101_leader:/here/port")]
    [InlineData("so101_leader:my_leader", "so101_leader:my_leader")]
    public void Paths_in_its_name_count_from_where_it_was_given(string text, string expected) =>
        Assert.Equal(expected, $"{TeleoperatorRegistry.Parse(text, "/here")}");

    [Fact]
    public void A_leader_that_is_lost_is_seen_in_the_status_until_it_is_back()
    {
        var leads = new Leader();
        var monitor = new StageMonitor("leader", _time);
        monitor.Running();
        using var watch = new LeaderWatch(leads, monitor, _time, NullLogger<LeaderWatch>.Instance);

        leads.Lost = "its cable is out";
        watch.Look();
        Assert.Equal((StageState.BackingOff, "its cable is out"), (monitor.State, monitor.LastError));
        leads.Lost = null;
        watch.Look();
        Assert.Equal(StageState.Running, monitor.State);
    }

    private TeleopFeed Feed() => new(Steps, isCorrection: false) { Felt = (_, values) => _felt.Add(values) };

    private string Recorded(params float[][] episodes)
    {
        var root = _folder.File("data");
        using var writer = DatasetWriter.Create(root, 10, "x", [DatasetFeature.Floats(DatasetFeature.Action, ["x"])]);
        foreach (var episode in episodes)
        {
            using var recording = writer.Begin();
            foreach (var value in episode)
            {
                recording.Set(DatasetFeature.Action, [value]);
                recording.EndFrame("go");
            }

            writer.Save(recording);
        }

        return root;
    }

    private static RobotDimension Dimension(string name) =>
        new()
        {
            Name = name,
            Unit = "1",
            Minimum = -1,
            Maximum = 1,
            MaximumRate = 1,
            MaximumAcceleration = 1,
            Hold = HoldBehaviour.Zero,
        };

    private sealed class Leader : ITeleoperator
    {
        public string Name => "test";

        public string? Lost { get; set; }

        public void Start(TeleopFeed feed) { }

        public void Dispose() { }
    }
}
