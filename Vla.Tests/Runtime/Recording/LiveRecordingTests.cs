using System.Threading.Channels;
using Akka.Actor;
using OpenCvSharp;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Observers;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Runtime.Recording;
using Vla.Runtime.Settings;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Datasets;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using Vla.Tests.Actors.Robots;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Recording;

/// <summary>A controller with two cameras as the daemon puts it together, recorded.</summary>
[Collection(AgainstTheClock.Name)]
public sealed class LiveRecordingTests : IDisposable
{
    private const int Rows = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private readonly CountingCamera _front = new(offset: 0);
    private readonly CountingCamera _wrist = new(offset: 3);

    public void Dispose()
    {
        _directory.Dispose();
        _front.Dispose();
        _wrist.Dispose();
    }

    [Fact]
    public async Task Each_row_has_of_every_camera_the_picture_that_its_action_was_made_of()
    {
        var instructions = new InstructionBoard(TimeProvider.System);
        instructions.Give("go");
        var policy = new Brightness(() => Math.Min(_front.Taken, _wrist.Taken));
        var profile = Make.Profile();
        var settings = new VlaSettings
        {
            Control = new ControlSettings { RateHz = 50, MaximumActionAgeMs = 5_000 },
            Record = new RecordSettings { RateHz = 25 },
        };
        await using var headless = await HeadlessController.StartAsync(
            new ControllerParts
            {
                Policy = policy,
                Device = CPU,
                Profile = profile,
                Control = new ControlOptions { RateHz = 50, MaximumActionAgeMs = 5_000 },
                MaximumSkewNs = ControlOptions.LongestMs * MonotonicTime.NsPerMs,
                Cameras = [new CameraParts("front", () => _front), new CameraParts("wrist", () => _wrist)],
                Instructions = instructions,
                Threads = new StageThreads(1, 1, 1, 1),
            },
            CancellationToken.None
        );
        var controller = headless.Controller;
        var root = _directory.File("run");
        using var recording = LiveRecording.Open(
            root,
            settings,
            policy,
            profile,
            [.. controller.Monitors.Cameras.Select(camera => new RecordedCamera(camera, _front.Description))],
            instructions,
            tabletop: null
        );
        recording.Watch(controller.Observers);
        recording.Start();
        var published = new Published();
        controller.Observers.Add(published);
        controller.Control.Start();
        await published.UntilAsync(2 * Rows);

        controller.Control.Shutdown("enough");
        Assert.True(recording.WaitSaved(Patience));

        var report = recording.Read();
        Assert.Equal((1, 0), (report.Episodes, report.Missed));
        using var dataset = LeRobotDataset.Open(root);
        var episode = dataset.Episodes.Single();
        Assert.InRange(episode.Length, Rows / 2, 10 * Rows);
        var actions = dataset.Read(episode).Floats(DatasetFeature.Action).ToArray();
        // What was held on a busy machine was made of no picture: no picture is as dark as a delta of 0.
        List<int> made = [.. Enumerable.Range(0, episode.Length).Where(row => actions[2 * row] > 0)];
        Assert.InRange(made.Count, Rows / 2, episode.Length);
        Assert.Equal(Greys("observation.images.front"), Actions(0), Nearly);
        Assert.Equal(Greys("observation.images.wrist"), Actions(1), Nearly);
        // Pictures did change from row to row.
        Assert.True(Actions(0).Distinct().Count() > 3);

        List<double> Greys(string camera)
        {
            var greys = new List<double>();
            dataset.ReadPictures(episode, camera, (_, picture) => greys.Add(Cv2.Mean(picture).Val0));
            return [.. made.Select(row => greys[row])];
        }

        IEnumerable<double> Actions(int dimension) =>
            made.Select(row => Math.Round(255.0 * actions[2 * row + dimension]));

        static bool Nearly(double a, double b) => Math.Abs(a - b) < 8;
    }

    /// <summary>Gives the brightness of each picture, 0 to 1, once two newer ones of each camera are there.</summary>
    private sealed class Brightness(Func<long> taken) : IPolicy
    {
        private const string Look = "look";

        public PolicyInfo Info { get; } =
            new()
            {
                Name = "brightness",
                Description = "",
                Trained = null,
                Note = "",
                StageTypes = new Dictionary<string, string>(),
            };

        public ImageSpec Image { get; } = new(2, 2, [0, 0, 0], [1, 1, 1]);

        public ActionSpec Action { get; } = new(["x", "gripper"], ["m", "1"], [0f, 0f], [1f, 1f], 1, 20);

        public IReadOnlyList<PolicyStep> Steps { get; } = [new(Look, Look)];

        public IActorRef Start(IActorRefFactory parent, PolicyHost host) =>
            parent.ActorOf(
                host.Scheduling.Place(
                    Props.Create(() => new Actor(host.Setup(Look, 1), host.Observations, host.Instructions, taken))
                ),
                Look
            );

        private sealed class Actor(StageSetup setup, IActorRef observations, IActorRef instructions, Func<long> taken)
            : WholePolicyActor(setup, Look, observations, instructions, stepNs: 20 * MonotonicTime.NsPerMs)
        {
            protected override int Horizon => 1;

            protected override void Load() { }

            protected override float[] Act(Observation observation, Instruction instruction)
            {
                var newest = Math.Max(observation[0].Sequence, observation[1].Sequence);
                SpinWait.SpinUntil(() => taken() >= newest + 2, Patience);
                return [observation[0].Pixels[0], observation[1].Pixels[0]];
            }
        }
    }

    /// <summary>Grey pictures, one in 10 ms at most, whose brightness says which they are.</summary>
    private sealed class CountingCamera(int offset) : ICamera
    {
        private long _taken;

        public long Taken => Interlocked.Read(ref _taken);

        public CameraDescription Description { get; } = new("counting", 32, 32, 100);

        public long Read(Mat picture)
        {
            Thread.Sleep(10);
            picture.Create(32, 32, MatType.CV_8UC3);
            var number = Interlocked.Read(ref _taken) + 1;
            // Neighbours differ by much, and none is black.
            picture.SetTo(Scalar.All(15 + 15 * (7 * (number + offset) % 16)));
            Interlocked.Increment(ref _taken);
            return TimeProvider.System.NowNs();
        }

        public void Dispose() { }
    }

    /// <summary>Waits for so many of the policy's actions to be published.</summary>
    private sealed class Published : IObserver
    {
        private readonly Channel<bool> _actions = Channel.CreateUnbounded<bool>();

        public string Name => "published";

        public Sightings Wants => Sightings.Actions;

        public int QueueCapacity => 1 << 16;

        public void Observe(in Sighting sighting)
        {
            if (((PublishedAction)sighting.What!).State == ControlState.Policy)
                _actions.Writer.TryWrite(true);
        }

        public async Task UntilAsync(int count)
        {
            using var patience = new CancellationTokenSource(Patience);
            for (var i = 0; i < count; i++)
                await _actions.Reader.ReadAsync(patience.Token);
        }
    }
}
