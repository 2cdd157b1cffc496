using System.Globalization;
using OpenCvSharp;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Observers;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Runtime.Serving;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Tests.Actors.Robots;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Serving;

/// <summary>
/// A robot here, its policy in a Vla server, and a network between them that kills, stalls, repeats and makes up: some
/// rounds for each protocol; for as many seconds as the environment variable VLA_SOAK says where it is set.
/// </summary>
[Collection(AgainstTheClock.Name)]
public sealed class WireSoakTests
{
    private const int Rounds = 12;
    private const int MaximumAgeMs = 500;
    private const long Grown = 16 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("openpi", "openpi")]
    [InlineData("openvla", "openvla+http")]
    [InlineData("gr00t", "gr00t")]
    public async Task Whatever_becomes_of_connections_nothing_stale_is_published_and_it_goes_on(
        string protocol,
        string scheme
    )
    {
        await using var server = await ServeAsync(protocol);
        using var proxy = new ChaosProxy(server.Address.Port);
        var policy = await LoadAsync($"{scheme}://127.0.0.1:{proxy.Port}?timeout=1000&trial=off");
        using var robot = new Watched();
        using var chunks = new Chunks();
        await using var controller = await DriveAsync(policy.Driving(Arm), robot);
        controller.Controller.Observers.Add(chunks);
        var control = controller.Controller.Control;
        control.Start();
        await chunks.AwaitMoreAsync(5);
        var (faults, until) = (Enum.GetValues<Fault>(), Ends());
        long? before = null;
        var round = 0;
        for (; round < Rounds || DateTime.UtcNow < until; round++)
        {
            var fault = faults[round % faults.Length];
            proxy.Strike(fault, towardsServer: round / faults.Length % 2 == 1);
            if (fault is Fault.Stall or Fault.HalfOpen)
            {
                // Whatever is waited for meanwhile.
                var stopped = await control.StopAsync("a test", Patience);
                Assert.Equal(ControlState.Stop, stopped.Obeyed?.State);
                Assert.Equal(ControlState.Stop, robot.State);
                await control.ResumeAsync(Patience);
            }

            await chunks.AwaitMoreAsync(3);
            if (round == faults.Length)
                before = GC.GetTotalMemory(forceFullCollection: true);
        }

        Assert.Equal([], robot.Stale);
        Assert.Equal(0, control.Snapshot().Faults);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.True(after - before < Grown, $"{(after - before) >> 10} KiB more after {round} rounds");
        Assert.True(proxy.Links < 16, $"{proxy.Links} connections are left");
    }

    /// <summary>A busy machine may be slower than a robot waits.</summary>
    private static async Task<RemotePolicy> LoadAsync(string address)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                return RemotePolicy.Load(WireAddress.Parse(address));
            }
            catch (PolicyException)
            {
                limit.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }

    private static DateTime Ends() =>
        double.TryParse(Environment.GetEnvironmentVariable("VLA_SOAK"), CultureInfo.InvariantCulture, out var seconds)
            ? DateTime.UtcNow.AddSeconds(seconds)
            : DateTime.MinValue;

    private static RobotNaming Arm { get; } =
        new()
        {
            Who = "the arm",
            ActionNames = ["x", "gripper"],
            ActionUnits = ["m", "1"],
            StateNames = [],
            StateUnits = [],
        };

    private static async Task<PolicyServer> ServeAsync(string protocol)
    {
        var policy = StagedPolicy.InCode(
            "stand-ins",
            "",
            new ImageSpec(2, 2, [0, 0, 0], [1, 1, 1]),
            new ActionSpec(["x", "gripper"], ["m", "1"], [0f, 0f], [1f, 1f], 1, 20),
            new PolicyModules(StandIns.MeanEncoder, StandIns.FirstToken, StandIns.Sum, () => StandIns.Times(1e-3f)),
            tokenize: text => [text.Length]
        );
        var known = ServedProtocol.Find(protocol)!;
        var server = new PolicyServer(
            new PolicyServerOptions
            {
                Policy = policy,
                Device = CPU,
                // Whoever hangs half-open keeps a place until it is missed.
                MostClients = 64,
                Places = [new ServedPlace(known, new Uri("http://127.0.0.1:0"), known.LayoutOf(policy))],
            }
        );
        await server.StartAsync();
        return server;
    }

    private static async Task<HeadlessController> DriveAsync(IPolicy policy, IActionOutput robot)
    {
        var instructions = new InstructionBoard(TimeProvider.System);
        var controller = await HeadlessController.StartAsync(
            new ControllerParts
            {
                Policy = policy,
                Device = CPU,
                Profile = Make.Profile(),
                Control = new ControlOptions
                {
                    RateHz = 50,
                    MaximumActionAgeMs = MaximumAgeMs,
                    ResumeAfterStop = ResumeAfterStop.Automatic,
                },
                Outputs = [robot],
                Cameras = [new CameraParts("front", () => new Shades())],
                Instructions = instructions,
                Threads = new StageThreads(1, 1, 1, 1),
            },
            CancellationToken.None
        );
        instructions.Give("four");
        return controller;
    }

    /// <summary>Remembers the last state, and what was older than allowed.</summary>
    private sealed class Watched : IActionOutput
    {
        private volatile int _state = -1;

        public string Name => "watched";

        public bool MayBlock => false;

        public bool Moves => true;

        public ControlState State => (ControlState)_state;

        public List<string> Stale { get; } = [];

        public void Apply(PublishedAction action)
        {
            _state = (int)action.State;
            // A tick may lie between looking and publishing.
            if (action.State == ControlState.Policy && action.AgeNs > (MaximumAgeMs + 20) * MonotonicTime.NsPerMs)
                Stale.Add(string.Create(CultureInfo.InvariantCulture, $"{action.Sequence}: {action.AgeNs / 1e6:0} ms"));
        }

        public void Dispose() { }
    }

    private sealed class Chunks : IObserver, IDisposable
    {
        private readonly SemaphoreSlim _seen = new(0);

        public string Name => "chunks";

        public Sightings Wants => Sightings.Chunks;

        public int QueueCapacity => 1 << 12;

        public void Observe(in Sighting sighting) => _seen.Release();

        public async Task AwaitMoreAsync(int count)
        {
            while (_seen.CurrentCount > 0)
                await _seen.WaitAsync();
            for (var i = 0; i < count; i++)
                Assert.True(await _seen.WaitAsync(Patience), "no chunk came any more");
        }

        public void Dispose() => _seen.Dispose();
    }

    /// <summary>A new picture 50 times a second.</summary>
    private sealed class Shades : ICamera
    {
        private readonly PeriodicTimer _pace = new(TimeSpan.FromMilliseconds(20));
        private byte _shade;

        public CameraDescription Description { get; } = new("shades", 8, 8, 0);

        public long Read(Mat picture)
        {
            _pace.WaitForNextTickAsync().AsTask().GetAwaiter().GetResult();
            picture.Create(8, 8, MatType.CV_8UC3);
            picture.SetTo(Scalar.All(_shade++));
            return TimeProvider.System.NowNs();
        }

        public void Dispose() => _pace.Dispose();
    }
}
