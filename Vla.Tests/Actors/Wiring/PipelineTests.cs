using Akka.Actor;
using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Wiring;

/// <summary>The protocol between all stages, under load and across restarts.</summary>
[Collection(LiveTensorCount.Name)]
public sealed class PipelineTests : PipelineTestKit
{
    /// <summary>How often the publisher asks again while nothing comes.</summary>
    private static readonly TimeSpan AskAgain = PublisherActor.DemandAgain;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly PipelineRig _rig;

    public PipelineTests() => _rig = new PipelineRig(Sys, Props.Create(() => new EndlessCamera(Pool)));

    [Fact]
    public async Task A_frame_and_an_instruction_become_an_action_that_says_where_it_came_from()
    {
        _rig.Instructions.Give("four");

        var chunk = await NextActionAsync();

        // The picture's mean plus the text's length.
        Assert.Equal([0.5f + 4, 0.5f + 4], chunk.Values);
        var origin = chunk.Origin;
        Assert.Equal("four", origin.Instruction);
        Assert.True(origin.FrameSequence > 0);
        var encoding = Assert.Single(origin.InstructionSteps);
        Assert.InRange(encoding.StartedNs, origin.InstructionGivenNs, encoding.FinishedNs);
        Assert.Equal(["prepare", "encode", "fuse", "decode"], origin.Steps.Select(step => step.Step));
        Assert.Equal(origin.CapturedNs, origin.Steps[0].StartedNs);
        Assert.All(
            origin.Steps.Zip(origin.Steps.Skip(1)),
            pair => Assert.True(pair.First.FinishedNs <= pair.Second.StartedNs)
        );
    }

    [Fact]
    public async Task Without_an_instruction_nothing_is_encoded()
    {
        _rig.Decoder.Tell(Ready.Continuous);

        await HandledEverywhereAsync();
        await HearsNothingAsync(this);
        Assert.Equal(0, _rig.Monitors.ByStep["encode"].Processed);
    }

    [Fact]
    public async Task Frames_come_newest_first_and_none_twice()
    {
        _rig.Instructions.Give("go");

        var frames = new List<long>();
        for (var i = 0; i < 50; i++)
            frames.Add((await NextActionAsync()).Origin.FrameSequence);

        Assert.Equal(frames.Distinct().Order(), frames);
    }

    [Fact]
    public async Task A_new_instruction_takes_over_and_is_encoded_once()
    {
        _rig.Instructions.Give("four");
        await NextActionAsync();

        _rig.Instruction.Tell(new GiveInstruction("sixsix"), ActorRefs.NoSender);

        await AwaitConditionAsync(async () => (await NextActionAsync()).Origin.Instruction == "sixsix");
        for (var i = 0; i < 20; i++)
            await NextActionAsync();
        Assert.Equal(2, _rig.Monitors.ByStep["encode_instruction"].Processed);
    }

    [Theory]
    [InlineData("camera")]
    [InlineData("vision encoder")]
    [InlineData("instruction")]
    [InlineData("language encoder")]
    [InlineData("fusion")]
    [InlineData("action decoder")]
    public async Task Flow_resumes_after_a_stage_is_killed_and_new_instructions_still_arrive(string stage)
    {
        _rig.Instructions.Give("four");
        await NextActionAsync();

        _rig.Stages[stage].Tell(Kill.Instance);
        _rig.Instruction.Tell(new GiveInstruction("sixsix"), ActorRefs.NoSender);

        await AwaitConditionAsync(async () => (await NextActionAsync()).Origin.Instruction == "sixsix");
    }

    [Fact]
    public async Task Every_tensor_is_disposed_after_ten_thousand_frames_with_stages_killed_at_random()
    {
        const int Frames = 10_000;
        var random = new Random(1);
        var victims = _rig.Stages.Values.ToArray();
        _rig.Instructions.Give("four");
        await NextActionAsync();
        // What earlier tests left to the finalizer must not vanish between the two counts.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = await SettledCountAsync();

        for (var i = 0; i < Frames; i++)
        {
            await NextActionAsync();
            if (random.Next(400) == 0)
                victims[random.Next(victims.Length)].Tell(Kill.Instance);
            if (random.Next(500) == 0)
                _rig.Instruction.Tell(new GiveInstruction($"number {i}"), ActorRefs.NoSender);
        }

        Assert.True(_rig.Monitors.Stages.Sum(s => s.Restarts) > 8, "too few stages were killed to mean anything");
        // A stage that was killed last may still be starting again: then it is counted once more.
        await AwaitAssertAsync(async () => Assert.Equal(before, await SettledCountAsync()));
        await AwaitAssertAsync(() => Assert.InRange(Pool.Lent, 0, 2));
    }

    /// <summary>Live tensors when every stage has what it keeps, and nothing is under way.</summary>
    private async Task<long> SettledCountAsync()
    {
        await NextActionAsync();
        // Demand that was said twice may bring a second action.
        await HandledEverywhereAsync();
        await ForgetReceivedAsync(this);
        return Tensor.TotalCount;
    }

    /// <summary>Demand has gone all the way up, and what it brought all the way down.</summary>
    private async Task HandledEverywhereAsync()
    {
        for (var round = 0; round < 2 * _rig.Stages.Count; round++)
        {
            foreach (var stage in _rig.Stages.Values)
                await stage.Ask<ActorIdentity>(new Identify(round), Patience);
        }
    }

    private async Task<ActionChunk> NextActionAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < Patience)
        {
            _rig.Decoder.Tell(Ready.Once);
            if (await ReceiveOneAsync(AskAgain) is ActionDecoded decoded)
                return decoded.Chunk;
        }

        throw new TimeoutException("no action came");
    }

    /// <summary>Has a new frame for whoever asks, whenever.</summary>
    private sealed class EndlessCamera(FramePool pool) : UntypedActor
    {
        private static long _sequence;

        protected override void OnReceive(object message)
        {
            if (message is not Ready)
                return;
            var frame = pool.Rent();
            frame.Sequence = Interlocked.Increment(ref _sequence);
            frame.CapturedNs = TimeProvider.System.GetTimestamp();
            frame.PreparedNs = frame.CapturedNs;
            frame.Pixels.AsSpan().Fill(0.5f);
            Sender.Tell(new ObservationCaptured(new Observation([PictureNames.Unnamed], frame)));
        }
    }
}

/// <summary>Tests that count every live tensor of the process run while no other test makes any.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LiveTensorCount
{
    public const string Name = "live tensor count";
}
