using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Policies.Staged.Actors;

/// <summary>A staged policy that works for several at a time.</summary>
public sealed class StagedBatchTests() : TestKit(PipelineConfig.Hocon)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_waits_at_the_same_time_is_computed_together_and_each_gets_its_own()
    {
        using var vision = new Gate();
        var policy = Start(Counting(vision), largest: 8);
        TestProbe[] clients = [.. Enumerable.Range(0, 4).Select(_ => CreateTestProbe())];
        foreach (var client in clients)
            policy.Tell(Ready.Once, client);
        foreach (var client in clients)
            await client.ExpectMsgAsync<Ready>(Long);

        Give(policy, clients[0], 0, "go");
        await vision.EnteredAsync();
        for (var i = 1; i < 4; i++)
            Give(policy, clients[i], i, i == 3 ? "stay" : "go");
        vision.Open();

        for (var i = 0; i < 4; i++)
        {
            var chunk = (await clients[i].ExpectMsgAsync<ActionDecoded>(Long)).Chunk;
            // What was seen, and how long the word is.
            Assert.Equal(i + (i == 3 ? 4 : 2), chunk.Values.Single(), 1e-5f);
            Assert.Equal(i, chunk.Origin.FrameSequence);
        }

        Assert.Equal([1, 3], vision.Rows);
    }

    [Fact]
    public async Task No_more_than_so_many_and_who_waits_longest_comes_first()
    {
        using var vision = new Gate();
        var policy = Start(Counting(vision), largest: 2);
        TestProbe[] clients = [.. Enumerable.Range(0, 4).Select(_ => CreateTestProbe())];
        foreach (var client in clients)
            policy.Tell(Ready.Once, client);
        foreach (var client in clients)
            await client.ExpectMsgAsync<Ready>(Long);

        Give(policy, clients[3], 3, "go");
        await vision.EnteredAsync();
        foreach (var i in (int[])[2, 0, 1])
            Give(policy, clients[i], i, "go");
        vision.Open();
        foreach (var client in clients)
            await client.ExpectMsgAsync<ActionDecoded>(Long);

        Assert.Equal([1, 2, 1], vision.Rows);
        Assert.Equal([3f, 2, 0, 1], vision.Seen);
    }

    [Fact]
    public async Task Together_it_does_what_it_does_alone()
    {
        var tabletop = StagedPolicy.Load(Repository.File("config/policies/tabletop"));
        var policy = Start(tabletop, largest: 4);
        TestProbe[] clients = [.. Enumerable.Range(0, 4).Select(_ => CreateTestProbe())];
        var alone = new float[clients.Length][];
        for (var i = 0; i < clients.Length; i++)
        {
            policy.Tell(Ready.Once, clients[i]);
            await clients[i].ExpectMsgAsync<Ready>(Long);
            policy.Tell(new ObservationCaptured(Seen(tabletop, i)), clients[i]);
            alone[i] = (await clients[i].ExpectMsgAsync<ActionDecoded>(Long)).Chunk.Values;
        }

        // Twice, so that they come while others are worked on.
        for (var round = 0; round < 2; round++)
        {
            foreach (var client in clients)
                policy.Tell(Ready.Once, client);
            for (var i = 0; i < clients.Length; i++)
            {
                await clients[i].ExpectMsgAsync<Ready>(Long);
                policy.Tell(new ObservationCaptured(Seen(tabletop, i)), clients[i]);
            }

            for (var i = 0; i < clients.Length; i++)
            {
                var together = (await clients[i].ExpectMsgAsync<ActionDecoded>(Long)).Chunk.Values;
                Assert.All(alone[i].Zip(together), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
            }
        }
    }

    [Fact]
    public void Policies_of_stages_that_may_take_one_row_only_are_not_computed_together()
    {
        Assert.True(StagedPolicy.Load(Repository.File("config/policies/tabletop")).CanBatch);
        using var vision = new Gate();
        Assert.False(Counting(vision).CanBatch);
    }

    private IActorRef Start(StagedPolicy policy, int largest) =>
        Sys.ActorOf(
            policy.Together(
                new PolicyHost
                {
                    Observations = ActorRefs.Nobody,
                    Instructions = ActorRefs.Nobody,
                    Device = CPU,
                    Time = TimeProvider.System,
                    Monitors = policy.Steps.ToDictionary(
                        step => step.Name,
                        step => new StageMonitor(step.Stage, TimeProvider.System)
                    ),
                    Threads = new StageThreads(1, 1, 1, 1),
                    Loggers = NullLoggerFactory.Instance,
                },
                largest
            )
        );

    private static void Give(IActorRef policy, IActorRef client, int value, string words)
    {
        var frame = new FramePool(new(4, 4, [0, 0, 0], [1, 1, 1])).Rent();
        Array.Fill(frame.Pixels, value);
        (frame.Sequence, frame.CapturedNs, frame.PreparedNs) = (value, 1, 2);
        policy.Tell(new ObservationCaptured(new Observation(["front"], frame) { Instruction = words }), client);
    }

    private static Observation Seen(StagedPolicy policy, int seed)
    {
        var random = new Random(seed);
        var frame = new FramePool(policy.Image).Rent();
        for (var i = 0; i < frame.Pixels.Length; i++)
            frame.Pixels[i] = random.NextSingle();
        (frame.Sequence, frame.CapturedNs, frame.PreparedNs) = (seed, 1, 2);
        return new Observation(policy.Pictures ?? ["front"], frame)
        {
            Instruction = seed % 2 == 0 ? "pick up the red block" : "push the blue block",
            State = new RobotReading(policy.State.Names, [.. policy.State.Names.Select(_ => random.NextSingle())], 1),
        };
    }

    /// <summary>A policy of one number: what is seen, and how many letters were said.</summary>
    private static StagedPolicy Counting(Gate vision) =>
        StagedPolicy.InCode(
            "counting",
            "",
            new(4, 4, [0, 0, 0], [1, 1, 1]),
            new ActionSpec(["a"], ["1"], [0], [1], 1, 20),
            new PolicyModules(() => new Seeing(vision), () => new Letters(), () => new Sum(), () => new Same()),
            words => [words.Length]
        );

    /// <summary>Holds up the first picture until it is opened, and keeps what was seen.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly SemaphoreSlim _entered = new(0);
        private readonly ManualResetEventSlim _open = new();

        public List<int> Rows { get; } = [];

        public List<float> Seen { get; } = [];

        public async Task EnteredAsync() => Assert.True(await _entered.WaitAsync(Long));

        public void Open() => _open.Set();

        public void Dispose()
        {
            _entered.Dispose();
            _open.Dispose();
        }

        public void Pass(Tensor seen)
        {
            Rows.Add((int)seen.size(0));
            for (var row = 0; row < seen.size(0); row++)
                Seen.Add(seen[row, 0].item<float>());
            _entered.Release();
            Assert.True(_open.Wait(Long));
        }
    }

    private sealed class Seeing(Gate gate) : Module<Tensor, Tensor>("seeing")
    {
        public override Tensor forward(Tensor x)
        {
            var seen = x.mean([1, 2, 3]).unsqueeze(1);
            gate.Pass(seen);
            return seen;
        }
    }

    private sealed class Letters() : Module<Tensor, Tensor>("letters")
    {
        public override Tensor forward(Tensor x) => x.to(ScalarType.Float32);
    }

    private sealed class Sum() : Module<Tensor, Tensor, Tensor>("sum")
    {
        public override Tensor forward(Tensor vision, Tensor language) => vision + language;
    }

    private sealed class Same() : Module<Tensor, Tensor>("same")
    {
        public override Tensor forward(Tensor x) => x.clone();
    }
}
