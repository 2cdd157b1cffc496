using System.Collections.Concurrent;
using Akka.Actor;
using OpenCvSharp;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Observers;
using Vla.Actors.Pipeline;
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

/// <summary>
/// A controller as the daemon puts it together, around stand-in modules, while its actors are killed.
/// </summary>
[Collection(LiveTensorCount.Name)]
public sealed class ControllerSoakTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly ActionSpec Action = new(["x", "gripper"], ["m", "1"], [0f, 0f], [1f, 1f], 1, 20);

    private readonly FakeRobot _robot = new() { MayBlock = true };
    private readonly InstructionBoard _instructions = new(TimeProvider.System);
    private readonly Gate _gate = new();
    private readonly Chunks _chunks = new();
    private HeadlessController _controller = null!;
    private int _settled;

    public async Task InitializeAsync()
    {
        var policy = StagedPolicy.InCode(
            "stand-ins",
            "",
            new ImageSpec(2, 2, [0, 0, 0], [1, 1, 1]),
            Action,
            new PolicyModules(StandIns.MeanEncoder, StandIns.FirstToken, StandIns.Sum, () => StandIns.Times(1e-3f)),
            tokenize: text => [text.Length]
        );
        _controller = await HeadlessController.StartAsync(
            new ControllerParts
            {
                Policy = policy,
                Device = CPU,
                Profile = Make.Profile(),
                Control = new ControlOptions { RateHz = 200, ResumeAfterStop = ResumeAfterStop.Automatic },
                Outputs = [_robot],
                Cameras = [new CameraParts("front", () => new EndlessCamera(_gate))],
                Instructions = _instructions,
                Threads = new StageThreads(1, 1, 1, 1),
            },
            CancellationToken.None
        );
        _controller.Controller.Observers.Add(_chunks);
    }

    public async Task DisposeAsync()
    {
        _gate.Open();
        await _controller.DisposeAsync();
    }

    public void Dispose()
    {
        _robot.Dispose();
        _gate.Dispose();
        _chunks.Dispose();
    }

    [Fact]
    public async Task Actions_go_on_and_every_tensor_is_disposed_whoever_is_killed()
    {
        const int Rounds = 60;
        var (control, random) = (_controller.Controller.Control, new Random(1));
        Assert.Equal(
            ["prepare", "encode", "fuse", "decode"],
            control.Latencies.Read(0).Take(4).Select(step => step.Name)
        );
        _instructions.Give("four");
        control.Start();
        await _chunks.AwaitMoreAsync(50);
        var before = await IdleTensorsAsync();
        var victims = await VictimsAsync();
        Assert.Contains(
            "camera",
            string.Join(' ', victims.Select(victim => victim.Path.Name)),
            StringComparison.Ordinal
        );

        for (var round = 0; round < Rounds; round++)
        {
            victims[random.Next(victims.Count)].Tell(Kill.Instance);
            if (round % 4 == 0)
                _controller.Instructions.Tell(new GiveInstruction($"number {round}"), ActorRefs.NoSender);
            await _chunks.AwaitMoreAsync(20);
        }

        Assert.Equal(before, await IdleTensorsAsync());
        Assert.Equal(0, control.Snapshot().Faults);
        var states = _robot.Applied.Select(action => action.Sequence).ToList();
        Assert.Equal(states.Distinct().Order(), states);
        _controller.Controller.Dispose();
        Assert.Equal("front", Assert.IsType<FrameTaken>(_chunks.Kinds[Sightings.Frames]).Camera);
        Assert.StartsWith(
            "settled",
            Assert.IsType<Instruction>(_chunks.Kinds[Sightings.Instructions]).Text,
            StringComparison.Ordinal
        );
        Assert.Contains("failed", Assert.IsType<string>(_chunks.Kinds[Sightings.Events]), StringComparison.Ordinal);
        Assert.Equal(ControlState.Stop, Assert.IsType<PublishedAction>(_chunks.Kinds[Sightings.Actions]).State);
        _robot.AwaitClosed();
        Assert.Equal(ControlState.Stop, _robot.Last.State);
    }

    /// <summary>Live tensors when no picture comes any more and every stage has what it keeps.</summary>
    private async Task<long> IdleTensorsAsync()
    {
        // Whoever was killed knows it by then, and has to be well again for an action that is made with new words.
        await BarrierAsync();
        var words = $"settled {++_settled}";
        _controller.Instructions.Tell(new GiveInstruction(words), ActorRefs.NoSender);
        await _chunks.AwaitMadeWithAsync(words);
        _gate.Close();
        var last = (Processed: -1L, Tensors: -1L);
        for (var now = Now(); now != last; now = Now())
        {
            last = now;
            await BarrierAsync();
        }

        _gate.Open();
        return last.Tensors;

        (long, long) Now()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return (_controller.Controller.Monitors.Last.Processed, Tensor.TotalCount);
        }
    }

    /// <summary>Every actor has been through its mailbox once more.</summary>
    private async Task BarrierAsync() =>
        await Task.WhenAll(
            (await VictimsAsync()).Select(actor => actor.Ask<ActorIdentity>(new Identify(null), Patience))
        );

    /// <summary>Every actor of the controller that can be killed.</summary>
    private async Task<IReadOnlyList<IActorRef>> VictimsAsync()
    {
        var found = new List<IActorRef>();
        foreach (
            var name in (string[])
                [
                    "camera",
                    "camera-front",
                    "observation",
                    "instruction",
                    "vision-encoder",
                    "language-encoder",
                    "fusion",
                    "action-decoder",
                    "publisher",
                ]
        )
        {
            var identity = await _controller
                .System.ActorSelection($"/user/{name}")
                .Ask<ActorIdentity>(new Identify(name), Patience);
            if (identity.Subject is { } actor)
                found.Add(actor);
        }

        return found;
    }

    /// <summary>Counts the policy's chunks.</summary>
    private sealed class Chunks : IObserver, IDisposable
    {
        private readonly SemaphoreSlim _seen = new(0);
        private volatile string? _words = "";

        public string Name => "chunks";

        public Sightings Wants =>
            Sightings.Chunks | Sightings.Frames | Sightings.Instructions | Sightings.Events | Sightings.Actions;

        public int QueueCapacity => 1 << 16;

        /// <summary>Kinds that were seen so far, and the last of each.</summary>
        public ConcurrentDictionary<Sightings, object?> Kinds { get; } = new();

        public void Observe(in Sighting sighting)
        {
            Kinds[sighting.Kind] = sighting.What;
            if (sighting.What is not ActionChunk chunk)
                return;
            _words = chunk.Origin.Instruction;
            _seen.Release();
        }

        public void Dispose() => _seen.Dispose();

        public async Task AwaitMadeWithAsync(string words)
        {
            while (_words != words)
                Assert.True(await _seen.WaitAsync(Patience), $"no action was made with '{words}'");
        }

        public async Task AwaitMoreAsync(int count)
        {
            while (_seen.CurrentCount > 0)
                await _seen.WaitAsync();
            for (var i = 0; i < count; i++)
                Assert.True(await _seen.WaitAsync(Patience), "no action came any more");
        }
    }

    /// <summary>Lets pictures through, or none.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly ManualResetEventSlim _open = new(true);

        public void Open() => _open.Set();

        public void Close() => _open.Reset();

        public void Wait() => _open.Wait(Patience);

        public void Dispose() => _open.Dispose();
    }

    /// <summary>Has a new picture whenever it is read.</summary>
    private sealed class EndlessCamera(Gate gate) : ICamera
    {
        private byte _shade;

        public CameraDescription Description { get; } = new("endless", 8, 8, 0);

        public long Read(Mat picture)
        {
            gate.Wait();
            picture.Create(8, 8, MatType.CV_8UC3);
            picture.SetTo(Scalar.All(_shade++));
            return TimeProvider.System.NowNs();
        }

        public void Dispose() { }
    }
}
