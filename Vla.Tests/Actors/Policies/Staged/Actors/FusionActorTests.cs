using Akka.Actor;
using Akka.TestKit;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Actors.Policies.Staged.Fusion;
using Vla.Sensors.Observations;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Staged.Actors;

public sealed class FusionActorTests : PipelineTestKit
{
    private readonly TestProbe _vision;
    private readonly TestProbe _language;
    private readonly TestProbe _decoder;
    private readonly IActorRef _fusion;

    public FusionActorTests()
    {
        _vision = CreateTestProbe();
        _language = CreateTestProbe();
        _decoder = CreateTestProbe();
        _fusion = Start(FusionActor.Props(Setup, StandIns.Sum, _vision, _language));
    }

    [Fact]
    public async Task Without_an_instruction_it_wants_one_and_asks_for_no_pictures()
    {
        _fusion.Tell(Ready.Once, _decoder);

        await _language.ExpectMsgAsync(new InstructionWanted(0));
        await HearsNothingAsync(_vision, _fusion);
    }

    [Fact]
    public async Task The_first_instruction_starts_the_flow()
    {
        _fusion.Tell(Ready.Once, _decoder);

        _fusion.Tell(Encoded(1, "go", 10), _language);

        await _vision.ExpectMsgAsync(Ready.Once);
    }

    [Fact]
    public async Task Words_that_change_while_a_picture_is_on_its_way_ask_for_no_second_one()
    {
        _fusion.Tell(Ready.Once, _decoder);
        _fusion.Tell(Encoded(1, "left", 10), _language);
        await _vision.ExpectMsgAsync(Ready.Once);

        _fusion.Tell(Encoded(2, "right", 20), _language);

        await HearsNothingAsync(_vision, _fusion);
    }

    [Fact]
    public async Task Every_picture_is_joined_with_the_instruction_in_force()
    {
        _fusion.Tell(Encoded(1, "left", 10), _language);
        var first = await FuseAsync(frame: 1, value: 1);
        var second = await FuseAsync(frame: 2, value: 2);
        _fusion.Tell(Encoded(2, "right", 20), _language);
        var third = await FuseAsync(frame: 3, value: 3);

        Assert.Equal((11f, "left", 1), first);
        Assert.Equal((12f, "left", 1), second);
        Assert.Equal((23f, "right", 2), third);
    }

    [Fact]
    public async Task Replaced_language_features_are_disposed()
    {
        var old = Encoded(1, "left", 10);
        _fusion.Tell(old, _language);

        _fusion.Tell(Encoded(2, "right", 20), _language);
        await FuseAsync(frame: 1, value: 1);

        Assert.True(old.Features.IsInvalid);
    }

    [Fact]
    public async Task It_wants_the_instruction_after_the_one_it_has()
    {
        _fusion.Tell(Encoded(5, "left", 10), _language);

        await _language.ExpectMsgAsync(new InstructionWanted(5));
    }

    [Fact]
    public async Task After_a_restart_it_wants_the_instruction_again_and_goes_on()
    {
        var features = Encoded(5, "left", 10);
        _fusion.Tell(features, _language);
        await _language.ExpectMsgAsync(new InstructionWanted(5));

        _fusion.Tell(Kill.Instance);
        _fusion.Tell(Ready.Once, _decoder);

        await _language.ExpectMsgAsync(new InstructionWanted(0));
        Assert.True(features.Features.IsInvalid);
        _fusion.Tell(Encoded(5, "left", 10), _language);
        Assert.Equal((11f, "left", 5), await FuseAsync(frame: 1, value: 1));
    }

    [Fact]
    public async Task A_fusion_that_takes_state_gets_that_which_came_with_the_picture()
    {
        var spec = new StateSpec(["jaw"], ["m"], [0f], [2f]);
        var fusion = Start(
            FusionActor.Props(Setup, () => new AddsState(), _vision, _language, new StateInput(spec, CPU))
        );
        fusion.Tell(Encoded(1, "left", 10), _language);
        fusion.Tell(Ready.Once, _decoder);
        fusion.Tell(
            new VisionEncoded(Features(1), new Origin { FrameSequence = 1, CapturedNs = 600 })
            {
                State = new RobotReading(spec.Names, [600f], AtNs: 600),
            },
            _vision
        );

        using var fused = await _decoder.ExpectMsgAsync<FeaturesFused>();

        Assert.Equal(1f + 10f + 300f, fused.Features[0, 0].item<float>());
    }

    private sealed class AddsState() : StateFusion("adds state", stateDim: 1)
    {
        public override Tensor forward(Tensor vision, Tensor language, Tensor state) => vision + language + state;
    }

    private async Task<(float Value, string Instruction, long Number)> FuseAsync(long frame, float value)
    {
        _fusion.Tell(Ready.Once, _decoder);
        _fusion.Tell(new VisionEncoded(Features(value), new Origin { FrameSequence = frame }), _vision);
        using var fused = await _decoder.ExpectMsgAsync<FeaturesFused>();
        Assert.Equal(frame, fused.Origin.FrameSequence);
        return (fused.Features[0, 0].item<float>(), fused.Origin.Instruction!, fused.Origin.InstructionNumber);
    }

    private static LanguageEncoded Encoded(long number, string text, float value) =>
        new(Features(value), new Instruction(number, text, 0));
}
