using Akka.Actor;
using Akka.TestKit;
using TorchSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Tests.Actors.Wiring;

namespace Vla.Tests.Actors.Policies.Staged.Actors;

public sealed class LanguageEncoderActorTests : PipelineTestKit
{
    private readonly TestProbe _instructions;
    private readonly TestProbe _fusion;
    private int _tokenized;

    public LanguageEncoderActorTests()
    {
        _instructions = CreateTestProbe();
        _fusion = CreateTestProbe();
    }

    [Fact]
    public async Task Passes_the_demand_on_and_encodes_the_answer()
    {
        var encoder = StartEncoder();
        encoder.Tell(new InstructionWanted(0), _fusion);
        await _instructions.ExpectMsgAsync(new InstructionWanted(0));

        encoder.Tell(Changed(1, "four"), _instructions);

        using var encoded = await _fusion.ExpectMsgAsync<LanguageEncoded>();
        Assert.Equal([4f, 4f], encoded.Features.data<float>().ToArray());
        Assert.Equal("four", encoded.Instruction.Text);
    }

    [Fact]
    public async Task Encodes_an_instruction_once_and_waits_for_the_next()
    {
        var encoder = StartEncoder();
        encoder.Tell(new InstructionWanted(0), _fusion);
        await _instructions.ExpectMsgAsync(new InstructionWanted(0));
        encoder.Tell(Changed(1, "one"), _instructions);
        (await _fusion.ExpectMsgAsync<LanguageEncoded>()).Dispose();

        encoder.Tell(new InstructionWanted(1), _fusion);

        await _instructions.ExpectMsgAsync(new InstructionWanted(1));
        await HearsNothingAsync(_fusion, encoder);
        Assert.Equal(1, _tokenized);
    }

    [Fact]
    public async Task An_asker_that_lost_its_features_gets_them_again_without_another_encoding()
    {
        var encoder = StartEncoder();
        encoder.Tell(new InstructionWanted(0), _fusion);
        encoder.Tell(Changed(1, "two"), _instructions);
        (await _fusion.ExpectMsgAsync<LanguageEncoded>()).Dispose();

        encoder.Tell(new InstructionWanted(0), _fusion);

        using var again = await _fusion.ExpectMsgAsync<LanguageEncoded>();
        Assert.Equal(1, again.Instruction.Number);
        Assert.Equal(1, _tokenized);
    }

    [Fact]
    public async Task After_a_restart_the_next_demand_brings_the_instruction_back()
    {
        var encoder = StartEncoder();
        encoder.Tell(Changed(1, "two"), _instructions);
        encoder.Tell(Kill.Instance);

        encoder.Tell(new InstructionWanted(0), _fusion);
        await _instructions.ExpectMsgAsync(new InstructionWanted(0));
        encoder.Tell(Changed(1, "two"), _instructions);

        (await _fusion.ExpectMsgAsync<LanguageEncoded>()).Dispose();
        Assert.Equal(1, Monitor.Restarts);
    }

    private static InstructionChanged Changed(long number, string text) => new(new Instruction(number, text, 0));

    /// <summary>The only token is the text's length.</summary>
    private IActorRef StartEncoder() =>
        Start(
            LanguageEncoderActor.Props(
                Setup,
                StandIns.FirstToken,
                text =>
                {
                    Interlocked.Increment(ref _tokenized);
                    return torch.tensor(new[] { (long)text.Length }).reshape(1, 1);
                },
                torch.CPU,
                _instructions
            )
        );
}
