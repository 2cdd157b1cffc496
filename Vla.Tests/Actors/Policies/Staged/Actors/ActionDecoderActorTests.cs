using Akka.TestKit;
using TorchSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Policies.Staged.Actors;

public sealed class ActionDecoderActorTests : PipelineTestKit
{
    private readonly TestProbe _fusion;
    private readonly TestProbe _publisher;

    public ActionDecoderActorTests()
    {
        _fusion = CreateTestProbe();
        _publisher = CreateTestProbe();
    }

    [Fact]
    public async Task Gives_actions_in_physical_units_with_their_origin()
    {
        var chunk = await DecodeAsync(() => StandIns.Times(2f), Spec(horizon: 1));

        // Normalised 6 and 6, times the standard deviation, plus the mean.
        Assert.Equal([6 * 0.1f + 1, 6 * 0.5f - 1], chunk.Values);
        Assert.Equal(1, chunk.Horizon);
        Assert.Equal(9, chunk.Origin.FrameSequence);
        Assert.True(chunk.Origin.Steps.Find("decode").FinishedNs > 0);
    }

    [Fact]
    public async Task A_chunk_of_actions_comes_row_by_row()
    {
        var chunk = await DecodeAsync(
            () => StandIns.Calling(x => torch.cat([x, x * 2, x * 3], dim: 0).unsqueeze(0)),
            Spec(horizon: 3)
        );

        Assert.Equal(3, chunk.Horizon);
        Assert.Equal(40_000_000, chunk.StepNs);
        Assert.Equal(6, chunk.Values.Length);
        Assert.Equal(9 * 0.5f - 1, chunk.Values[^1], 1e-6f);
    }

    [Fact]
    public async Task A_wrong_number_of_values_is_left_for_the_publisher_to_refuse()
    {
        var chunk = await DecodeAsync(() => StandIns.Calling(_ => torch.ones(1, 5)), Spec(horizon: 1));

        Assert.Equal(5, chunk.Values.Length);
    }

    private async Task<ActionChunk> DecodeAsync(Func<Module<Tensor, Tensor>> create, ActionSpec spec)
    {
        var decoder = Start(ActionDecoderActor.Props(Setup, create, spec, _fusion));
        decoder.Tell(Ready.Once, _publisher);
        await _fusion.ExpectMsgAsync<Ready>();
        decoder.Tell(
            new FeaturesFused(Features(3f), new Origin { FrameSequence = 9, Words = new WordsInForce(1, "go") }),
            _fusion
        );
        return (await _publisher.ExpectMsgAsync<ActionDecoded>()).Chunk;
    }

    private static ActionSpec Spec(int horizon) =>
        new(["x", "gripper"], ["m", "1"], [1f, -1f], [0.1f, 0.5f], horizon, 40);
}
