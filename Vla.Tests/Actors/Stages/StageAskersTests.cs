using Akka.Actor;
using Akka.TestKit;
using Vla.Actors.Pipeline;
using Vla.Actors.Stages;
using Vla.Tests.Actors.Policies.Staged.Actors;
using Vla.Tests.Actors.Wiring;

namespace Vla.Tests.Actors.Stages;

/// <summary>How a stage serves several who ask: one result for all, or inputs of their own, several at once.</summary>
public sealed class StageAskersTests : VisionEncoderTestKit
{
    [Fact]
    public async Task All_who_wait_get_the_same_result_and_each_disposes_its_own()
    {
        var other = CreateTestProbe();
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Ready.Once, Fusion);
        encoder.Tell(Ready.Once, other);
        await HandledAsync(encoder);

        encoder.Tell(Captured(sequence: 7, value: 3), Camera);

        using var mine = await Fusion.ExpectMsgAsync<VisionEncoded>();
        var others = await other.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal((7, 7), (mine.Origin.FrameSequence, others.Origin.FrameSequence));
        others.Dispose();
        Assert.Equal([3f, 3f], mine.Features.data<float>().ToArray());
        Assert.Equal(1, Monitor.Processed);
    }

    [Fact]
    public async Task Results_that_cannot_be_shared_are_given_to_one_after_the_other()
    {
        var (one, other) = (CreateTestProbe(), CreateTestProbe());
        var stage = Start(Props.Create(() => new Holding(Setup, Camera)));
        stage.Tell(Ready.Once, one);
        stage.Tell(Ready.Once, other);
        await HandledAsync(stage);
        while (Camera.HasMessages)
            await Camera.ReceiveOneAsync(TimeSpan.Zero);

        stage.Tell(new Input(1), Camera);
        Assert.Equal(1, (await one.ExpectMsgAsync<Held>()).Number);
        await Camera.ExpectMsgAsync(Ready.Once);

        stage.Tell(new Input(2), Camera);
        Assert.Equal(2, (await other.ExpectMsgAsync<Held>()).Number);
        Assert.False(one.HasMessages);
    }

    [Fact]
    public async Task Three_askers_with_inputs_of_their_own_are_served_in_one_batch_each_with_its_own_result()
    {
        using var gate = new Gate();
        var (sources, askers) = (Probes(3), Probes(3));
        var stage = StartBatching(gate, largest: 8, Refs(sources), Refs(askers));
        AskAll(stage, askers);
        foreach (var source in sources)
            await source.ExpectMsgAsync(Ready.Continuous);

        // The first is at work when the others' inputs come.
        stage.Tell(new Input(10), sources[0].Ref);
        Assert.True(gate.Working.Wait(TimeSpan.FromSeconds(20)), "nothing reached the module");
        stage.Tell(Ready.Continuous, askers[0].Ref);
        stage.Tell(new Input(20), sources[1].Ref);
        stage.Tell(new Input(30), sources[2].Ref);
        gate.MayGoOn.Set();

        Assert.Equal([10], (await askers[0].ExpectMsgAsync<Given>()).Numbers);
        var (second, third) = (await askers[1].ExpectMsgAsync<Given>(), await askers[2].ExpectMsgAsync<Given>());
        Assert.Equal((20, 30), (second.Mine, third.Mine));
        Assert.Equal([20, 30], second.Numbers);
        Assert.Equal(3, Monitor.Processed);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public async Task A_batch_is_no_larger_than_the_stage_takes_and_whoever_waits_longest_comes_first(
        int largest,
        int firstBatch
    )
    {
        using var gate = new Gate();
        var (sources, askers) = (Probes(4), Probes(4));
        var stage = StartBatching(gate, largest, Refs(sources), Refs(askers));
        AskAll(stage, askers);
        await HandledAsync(stage);
        stage.Tell(new Input(1), sources[0].Ref);
        Assert.True(gate.Working.Wait(TimeSpan.FromSeconds(20)), "nothing reached the module");
        stage.Tell(new Input(4), sources[3].Ref);
        stage.Tell(new Input(2), sources[1].Ref);
        stage.Tell(new Input(3), sources[2].Ref);
        gate.MayGoOn.Set();

        Assert.Equal(
            Enumerable.Range(0, firstBatch).Select(i => i == 0 ? 4 : 2),
            (await askers[3].ExpectMsgAsync<Given>()).Numbers
        );
        foreach (var i in new[] { 1, 2 })
            Assert.Equal(i + 1, (await askers[i].ExpectMsgAsync<Given>()).Mine);
    }

    [Fact]
    public async Task Without_a_batch_of_its_own_a_stage_works_on_one_input_after_the_other()
    {
        using var gate = new Gate();
        var (sources, askers) = (Probes(3), Probes(3));
        var stage = StartBatching(gate, largest: 3, Refs(sources), Refs(askers), oneByOne: true);
        AskAll(stage, askers);
        await HandledAsync(stage);
        stage.Tell(new Input(1), sources[0].Ref);
        Assert.True(gate.Working.Wait(TimeSpan.FromSeconds(20)), "nothing reached the module");
        stage.Tell(new Input(2), sources[1].Ref);
        stage.Tell(new Input(3), sources[2].Ref);
        gate.MayGoOn.Set();

        foreach (var i in new[] { 0, 1, 2 })
            Assert.Equal([i + 1], (await askers[i].ExpectMsgAsync<Given>()).Numbers);
    }

    [Fact]
    public async Task A_batch_that_fails_costs_its_askers_a_repeated_demand_and_leaks_no_input()
    {
        using var gate = new Gate();
        var (sources, askers) = (Probes(3), Probes(3));
        var stage = StartBatching(gate, largest: 3, Refs(sources), Refs(askers));
        AskAll(stage, askers);
        await HandledAsync(stage);
        Input[] inputs = [new(1), new(-1), new(3)];
        stage.Tell(inputs[0], sources[0].Ref);
        Assert.True(gate.Working.Wait(TimeSpan.FromSeconds(20)), "nothing reached the module");
        stage.Tell(inputs[1], sources[1].Ref);
        stage.Tell(inputs[2], sources[2].Ref);
        gate.MayGoOn.Set();

        await AwaitAssertAsync(() => Assert.Equal((1, StageState.Running), (Monitor.Restarts, Monitor.State)));
        Assert.All(inputs, input => Assert.True(input.IsDisposed));

        stage.Tell(Ready.Once, askers[2].Ref);
        stage.Tell(new Input(33), sources[2].Ref);
        Assert.Equal(33, (await askers[2].ExpectMsgAsync<Given>()).Mine);
    }

    [Fact]
    public async Task An_input_of_nobodys_source_is_disposed_and_given_to_nobody()
    {
        using var gate = new Gate(open: true);
        var (sources, askers) = (Probes(2), Probes(2));
        var stage = StartBatching(gate, largest: 2, Refs(sources), Refs(askers));
        AskAll(stage, askers);
        var stray = new Input(5);

        stage.Tell(stray, TestActor);
        await HandledAsync(stage);

        Assert.True(stray.IsDisposed);
        Assert.All(askers, asker => Assert.False(asker.HasMessages));
    }

    [Fact]
    public async Task A_source_that_is_gone_takes_its_input_along()
    {
        using var gate = new Gate();
        var (sources, askers) = (Probes(3), Probes(3));
        var stage = StartBatching(gate, largest: 1, Refs(sources), Refs(askers));
        AskAll(stage, askers);
        await HandledAsync(stage);
        stage.Tell(new Input(1), sources[0].Ref);
        Assert.True(gate.Working.Wait(TimeSpan.FromSeconds(20)), "nothing reached the module");
        var left = new Input(3);
        stage.Tell(new Input(2), sources[1].Ref);
        stage.Tell(left, sources[2].Ref);
        await WatchAsync(sources[2].Ref);
        Sys.Stop(sources[2].Ref);
        await ExpectTerminatedAsync(sources[2].Ref);
        gate.MayGoOn.Set();

        Assert.Equal(2, (await askers[1].ExpectMsgAsync<Given>()).Mine);
        await AwaitAssertAsync(() => Assert.True(left.IsDisposed));
    }

    private TestProbe[] Probes(int count) => [.. Enumerable.Range(0, count).Select(_ => CreateTestProbe())];

    private IActorRef StartBatching(
        Gate gate,
        int largest,
        IActorRef[] sources,
        IActorRef[] askers,
        bool oneByOne = false
    )
    {
        Func<IActorRef, IActorRef> upstreamOf = asker => sources[Array.IndexOf(askers, asker)];
        return Start(Props.Create(() => new Batching(Setup, sources[0], largest, upstreamOf, gate, oneByOne)));
    }

    private static IActorRef[] Refs(TestProbe[] probes) => [.. probes.Select(probe => probe.Ref)];

    private static void AskAll(IActorRef stage, TestProbe[] askers)
    {
        foreach (var asker in askers)
            stage.Tell(Ready.Continuous, asker.Ref);
    }

    private sealed record Input(int Number) : IDisposable
    {
        private volatile bool _isDisposed;

        public bool IsDisposed => _isDisposed;

        public void Dispose() => _isDisposed = true;
    }

    /// <summary>What came of an input, with all that were worked on with it.</summary>
    private sealed record Given(int Mine, IReadOnlyList<int> Numbers);

    /// <summary>A result that one alone can have.</summary>
    private sealed record Held(int Number) : IDisposable
    {
        public void Dispose() { }
    }

    private sealed class Gate(bool open = false) : IDisposable
    {
        public ManualResetEventSlim Working { get; } = new();

        public ManualResetEventSlim MayGoOn { get; } = new(open);

        public void Pass()
        {
            Working.Set();
            MayGoOn.Wait(TimeSpan.FromSeconds(20));
        }

        public void Dispose()
        {
            Working.Dispose();
            MayGoOn.Dispose();
        }
    }

    /// <summary>Stands in for a stage that works on several inputs at once.</summary>
    private sealed class Batching(
        StageSetup setup,
        IActorRef upstream,
        int largest,
        Func<IActorRef, IActorRef> upstreamOf,
        Gate gate,
        bool oneByOne
    ) : StageActor<Input>(setup, upstream)
    {
        protected override int LargestBatch => largest;

        protected override IActorRef UpstreamOf(IActorRef asker) => upstreamOf(asker);

        protected override void Load() { }

        protected override object Process(Input input, long startedNs)
        {
            gate.Pass();
            return new Given(input.Number, [input.Number]);
        }

        protected override IReadOnlyList<object> ProcessBatch(IReadOnlyList<Input> inputs, long startedNs)
        {
            if (oneByOne)
                return base.ProcessBatch(inputs, startedNs);
            int[] numbers = [.. inputs.Select(input => input.Number)];
            if (numbers.Contains(-1))
                throw new InvalidOperationException("an input that cannot be worked on");
            return [.. numbers.Select(number => new Given(number, numbers))];
        }
    }

    private sealed class Holding(StageSetup setup, IActorRef upstream) : StageActor<Input>(setup, upstream)
    {
        protected override void Load() { }

        protected override object Process(Input input, long startedNs) => new Held(input.Number);
    }
}
