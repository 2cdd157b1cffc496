using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Tests.Actors.Wiring;

namespace Vla.Tests.Actors.Instructions;

public sealed class InstructionActorTests : PipelineTestKit
{
    private readonly InstructionBoard _board = new(TimeProvider.System);
    private readonly IActorRef _actor;

    private readonly List<string> _stops = [];

    public InstructionActorTests() =>
        _actor = Start(
            InstructionActor.Props(
                _board,
                new InstructionCheck { Words = Vocabulary.Read, Stop = _stops.Add },
                NullLogger.Instance
            )
        );

    [Fact]
    public async Task A_new_instruction_goes_to_whoever_waits_for_one_and_is_confirmed_to_the_giver()
    {
        var encoder = CreateTestProbe();
        var giver = CreateTestProbe();
        _actor.Tell(new InstructionWanted(0), encoder);

        _actor.Tell(new GiveInstruction("  pick up the red block "), giver);

        var confirmed = await giver.ExpectMsgAsync<InstructionChanged>();
        Assert.Equal("pick up the red block", confirmed.Instruction.Text);
        Assert.Equal(1, confirmed.Instruction.Number);
        Assert.Equal(confirmed, await encoder.ExpectMsgAsync<InstructionChanged>());
    }

    [Fact]
    public async Task The_instruction_in_force_is_given_at_once_to_whoever_lacks_it()
    {
        _board.Give("open");
        _board.Give("close");

        _actor.Tell(new InstructionWanted(1), TestActor);

        Assert.Equal("close", (await ExpectMsgAsync<InstructionChanged>()).Instruction.Text);
    }

    [Fact]
    public async Task Whoever_has_the_instruction_in_force_hears_nothing_until_the_next()
    {
        _board.Give("open");
        var encoder = CreateTestProbe();

        _actor.Tell(new InstructionWanted(1), encoder);
        await HearsNothingAsync(encoder, _actor);
        _actor.Tell(new GiveInstruction("close"), ActorRefs.NoSender);

        Assert.Equal(2, (await encoder.ExpectMsgAsync<InstructionChanged>()).Instruction.Number);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("  \t ", "empty")]
    [InlineData("a\u0007b", "control characters")]
    public async Task A_bad_text_is_refused_and_the_last_good_instruction_stays(string text, string reason)
    {
        _board.Give("open");

        _actor.Tell(new GiveInstruction(text), TestActor);

        Assert.Contains(reason, (await ExpectMsgAsync<InstructionRefused>()).Problem, StringComparison.Ordinal);
        Assert.Equal("open", _board.Current?.Text);
    }

    [Fact]
    public async Task Words_that_mean_stop_stop_the_robot_and_are_no_instruction()
    {
        _board.Give("open");

        _actor.Tell(new GiveInstruction("STOP!"), TestActor);

        await ExpectMsgAsync<InstructionStopped>();
        Assert.Equal(["stopped by an operator"], _stops);
        Assert.Equal("open", _board.Current?.Text);
    }

    [Fact]
    public async Task Words_that_the_policy_lacks_are_told_to_the_giver_and_stay_with_the_instruction()
    {
        _actor.Tell(new GiveInstruction("grab the florb"), TestActor);

        var given = await ExpectMsgAsync<InstructionChanged>();
        Assert.Equal(["florb"], given.Instruction.UnknownWords);
        Assert.StartsWith("the policy does not know \"florb\"", given.Note, StringComparison.Ordinal);
        Assert.Equal(["florb"], _board.Current?.UnknownWords);
    }

    [Fact]
    public async Task An_instruction_of_which_the_policy_knows_no_word_is_refused()
    {
        _board.Give("open");

        _actor.Tell(new GiveInstruction("florb zzz!"), TestActor);

        var refused = await ExpectMsgAsync<InstructionRefused>();
        Assert.StartsWith(
            "the policy knows none of these words: \"florb\", \"zzz\"",
            refused.Problem,
            StringComparison.Ordinal
        );
        Assert.Equal(["florb", "zzz"], refused.UnknownWords);
        Assert.Equal("open", _board.Current?.Text);
    }

    [Fact]
    public async Task A_restart_keeps_the_instruction()
    {
        _board.Give("open");
        _actor.Tell(Kill.Instance);

        _actor.Tell(new InstructionWanted(0), TestActor);

        Assert.Equal("open", (await ExpectMsgAsync<InstructionChanged>()).Instruction.Text);
    }
}
