using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Sensors.Observations;
using Vla.Tests.Actors.Policies.Staged.Actors;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Stages;

/// <summary>How a stage answers demand and passes it on, with the vision encoder as the stage.</summary>
public sealed class StageDemandTests : VisionEncoderTestKit
{
    [Fact]
    public async Task One_demand_brings_one_result()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Ready.Once, Fusion);
        encoder.Tell(Captured(sequence: 1), Camera);
        encoder.Tell(Captured(sequence: 2), Camera);

        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();

        await HearsNothingAsync(Fusion, encoder);
    }

    [Fact]
    public async Task The_next_frame_is_asked_for_when_work_begins()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Ready.Continuous, Fusion);
        await Camera.ExpectMsgAsync(Ready.Continuous);

        encoder.Tell(Captured(sequence: 1), Camera);
        await Camera.ExpectMsgAsync(Ready.Continuous);
        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
    }

    [Fact]
    public async Task The_next_frame_is_asked_for_by_the_shorter_way_where_there_is_one()
    {
        var source = new StandInSource();
        var encoder = StartEncoder(StandIns.MeanEncoder, source);
        encoder.Tell(Ready.Continuous, Fusion);
        await Camera.ExpectMsgAsync(Ready.Continuous);

        encoder.Tell(Captured(sequence: 1), Camera);

        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        Assert.Equal([encoder], source.Askers);
        Assert.False(Camera.HasMessages);
    }

    [Fact]
    public async Task A_frame_that_has_waited_is_exchanged_for_the_newest()
    {
        using var module = new HeldModule();
        var source = new StandInSource();
        var encoder = StartEncoder(module.Create, source);
        encoder.Tell(Ready.Continuous, Fusion);
        await Camera.ExpectMsgAsync<Ready>();
        encoder.Tell(Captured(sequence: 1), Camera);
        module.AwaitWork();

        source.NewerNumber = 3;
        encoder.Tell(Captured(sequence: 2), Camera);
        module.MayGoOn.Set();
        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        encoder.Tell(Ready.Once, Fusion);

        using var second = await Fusion.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal(3, second.Origin.FrameSequence);
        Assert.Equal(0, Pool.Lent);
    }

    [Fact]
    public async Task Demand_repeated_while_it_works_brings_no_more_results_and_the_newest_frame_comes_next()
    {
        using var module = new HeldModule();
        var encoder = StartEncoder(module.Create);
        encoder.Tell(Ready.Continuous, Fusion);
        encoder.Tell(Captured(sequence: 1), Camera);
        module.AwaitWork();

        encoder.Tell(Captured(sequence: 2), Camera);
        encoder.Tell(Ready.Continuous, Fusion);
        encoder.Tell(Captured(sequence: 3), Camera);
        encoder.Tell(Ready.Continuous, Fusion);
        module.MayGoOn.Set();

        using var first = await Fusion.ExpectMsgAsync<VisionEncoded>();
        await HearsNothingAsync(Fusion, encoder);
        encoder.Tell(Ready.Continuous, Fusion);
        using var second = await Fusion.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal((1, 3), (first.Origin.FrameSequence, second.Origin.FrameSequence));
    }

    [Fact]
    public async Task Somebody_else_who_asks_while_it_works_is_answered_too()
    {
        using var module = new HeldModule();
        var other = CreateTestProbe();
        var encoder = StartEncoder(module.Create);
        encoder.Tell(Ready.Once, Fusion);
        encoder.Tell(Captured(sequence: 1), Camera);
        module.AwaitWork();

        encoder.Tell(Ready.Once, other);
        encoder.Tell(Captured(sequence: 2), Camera);
        module.MayGoOn.Set();

        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        (await other.ExpectMsgAsync<VisionEncoded>()).Dispose();
    }

    [Fact]
    public async Task Demand_for_one_result_lets_nothing_run_ahead()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Ready.Once, Fusion);
        await Camera.ExpectMsgAsync(Ready.Once);

        encoder.Tell(Captured(sequence: 1), Camera);

        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        await HearsNothingAsync(Camera, encoder);
    }

    [Fact]
    public async Task A_newer_frame_replaces_one_that_nobody_asked_for_yet()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        encoder.Tell(Captured(sequence: 1), Camera);
        encoder.Tell(Captured(sequence: 2), Camera);

        encoder.Tell(Ready.Once, Fusion);

        using var encoded = await Fusion.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal(2, encoded.Origin.FrameSequence);
        Assert.Equal(0, Pool.Lent);
    }

    [Fact]
    public async Task After_one_result_was_asked_for_a_second_frame_does_not_grow_old_here()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        await LoadedAsync();
        encoder.Tell(Ready.Once, Fusion);
        encoder.Tell(Ready.Once, Fusion);
        encoder.Tell(Captured(sequence: 1), Camera);
        encoder.Tell(Captured(sequence: 2), Camera);
        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        await AwaitAssertAsync(() => Assert.Equal(0, Pool.Lent));
        while (Camera.HasMessages)
            await Camera.ReceiveOneAsync(TimeSpan.Zero);

        encoder.Tell(Ready.Once, Fusion);

        await Camera.ExpectMsgAsync(Ready.Once);
        encoder.Tell(Captured(sequence: 3), Camera);
        using var encoded = await Fusion.ExpectMsgAsync<VisionEncoded>();
        Assert.Equal(3, encoded.Origin.FrameSequence);
    }

    [Fact]
    public async Task Repeated_demand_is_passed_on_and_still_brings_one_result()
    {
        var encoder = StartEncoder(StandIns.MeanEncoder);
        await LoadedAsync();
        encoder.Tell(Ready.Once, Fusion);
        encoder.Tell(Ready.Once, Fusion);
        await Camera.ExpectMsgAsync<Ready>();
        await Camera.ExpectMsgAsync<Ready>();

        encoder.Tell(Captured(sequence: 1), Camera);

        (await Fusion.ExpectMsgAsync<VisionEncoded>()).Dispose();
        await HearsNothingAsync(Fusion, encoder);
    }

    /// <summary>Works on its first input until it may go on.</summary>
    private sealed class HeldModule : IDisposable
    {
        public ManualResetEventSlim Working { get; } = new();

        public ManualResetEventSlim MayGoOn { get; } = new();

        public void AwaitWork() => Assert.True(Working.Wait(TimeSpan.FromSeconds(20)), "nothing reached the module");

        public Module<Tensor, Tensor> Create() =>
            StandIns.Calling(x =>
            {
                Working.Set();
                MayGoOn.Wait();
                return x * 1;
            });

        public void Dispose()
        {
            Working.Dispose();
            MayGoOn.Dispose();
        }
    }

    private sealed class StandInSource : IObservationSource
    {
        public List<IActorRef> Askers { get; } = [];

        public long? NewerNumber { get; set; }

        public void Want(IActorRef asker) => Askers.Add(asker);

        public void Exchange(Observation held) => held[0].Sequence = NewerNumber ?? held[0].Sequence;
    }
}
