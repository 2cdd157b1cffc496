using System.Threading.Channels;
using OpenCvSharp;
using Vla.Actors.Cameras;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Observers;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Tests.Actors.Robots;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Composition;

/// <summary>A controller with two cameras as the daemon puts it together, one of which stops giving pictures.</summary>
[Collection(AgainstTheClock.Name)]
public sealed class TwoCamerasTests : IAsyncLifetime, IDisposable
{
    private const string Silent = "the camera wrist is silent: no picture comes";

    private static readonly ActionSpec Action = new(["x", "gripper"], ["m", "1"], [0f, 0f], [1f, 1f], 1, 20);

    private readonly FakeRobot _robot = new() { MayBlock = true };
    private readonly Published _published = new();
    private readonly ManualResetEventSlim _wristGoes = new(true);
    private HeadlessController _controller = null!;

    public async Task InitializeAsync()
    {
        var instructions = new InstructionBoard(TimeProvider.System);
        instructions.Give("go");
        _controller = await HeadlessController.StartAsync(
            new ControllerParts
            {
                Policy = StagedPolicy.InCode(
                    "stand-ins",
                    "",
                    new ImageSpec(2, 2, [0, 0, 0], [1, 1, 1]),
                    Action,
                    new PolicyModules(
                        StandIns.MeanEncoder,
                        StandIns.FirstToken,
                        StandIns.Sum,
                        () => StandIns.Times(1e-3f)
                    )
                ),
                Device = CPU,
                Profile = Make.Profile(),
                Control = new ControlOptions
                {
                    MaximumActionAgeMs = 1_000,
                    HoldMs = 100,
                    ResumeAfterStop = ResumeAfterStop.Automatic,
                },
                MaximumSkewNs = ControlOptions.LongestMs * MonotonicTime.NsPerMs,
                Outputs = [_robot],
                Cameras =
                [
                    new CameraParts("front", () => new SteadyCamera(null)),
                    new CameraParts("wrist", () => new SteadyCamera(_wristGoes)),
                ],
                Instructions = instructions,
                Threads = new StageThreads(1, 1, 1, 1),
            },
            CancellationToken.None
        );
        _controller.Controller.Observers.Add(_published);
        _controller.Controller.Control.Start();
    }

    public async Task DisposeAsync()
    {
        _wristGoes.Set();
        await _controller.DisposeAsync();
    }

    public void Dispose()
    {
        _robot.Dispose();
        _wristGoes.Dispose();
    }

    [Fact]
    public async Task When_one_of_two_stops_the_robot_holds_then_stops_for_that_reason_and_goes_on_when_it_is_back()
    {
        await _published.UntilAsync(action => action.State == ControlState.Policy);

        _wristGoes.Reset();

        var hold = await _published.UntilAsync(action => action.Reason == Silent);
        var stop = await _published.UntilAsync(action => action.State == ControlState.Stop);
        Assert.Equal(ControlState.Hold, hold.State);
        Assert.Contains(Silent, stop.Reason, StringComparison.Ordinal);
        Assert.Equal(
            [CameraState.Streaming, CameraState.Silent],
            _controller.Controller.Monitors.Cameras.Select(camera => camera.State)
        );

        _wristGoes.Set();

        await _published.UntilAsync(action => action.State == ControlState.Policy);
    }

    /// <summary>What is published, in order.</summary>
    private sealed class Published : IObserver
    {
        private readonly Channel<PublishedAction> _actions = Channel.CreateUnbounded<PublishedAction>();

        public string Name => "published";

        public Sightings Wants => Sightings.Actions;

        public int QueueCapacity => 1 << 16;

        public void Observe(in Sighting sighting) => _actions.Writer.TryWrite((PublishedAction)sighting.What!);

        public async Task<PublishedAction> UntilAsync(Func<PublishedAction, bool> isIt)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (true)
            {
                var action = await _actions.Reader.ReadAsync(patience.Token);
                if (isIt(action))
                    return action;
            }
        }
    }

    /// <summary>A picture whenever it is read, one in 10 ms at most, while it goes.</summary>
    private sealed class SteadyCamera(ManualResetEventSlim? goes) : ICamera
    {
        private byte _shade;

        public CameraDescription Description { get; } = new("steady", 8, 8, 100);

        public long Read(Mat picture)
        {
            goes?.Wait(TimeSpan.FromSeconds(60));
            Thread.Sleep(10);
            picture.Create(8, 8, MatType.CV_8UC3);
            picture.SetTo(Scalar.All(_shade++));
            return TimeProvider.System.NowNs();
        }

        public void Dispose() { }
    }
}
