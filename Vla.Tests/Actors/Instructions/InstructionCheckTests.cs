using Vla.Actors.Instructions;

namespace Vla.Tests.Actors.Instructions;

public sealed class InstructionCheckTests
{
    private bool _needsResume;

    private InstructionCheck Check =>
        new()
        {
            Words = Vocabulary.Read,
            Scene = text =>
                text.Contains("green", StringComparison.Ordinal)
                    ? new SceneAnswer("there is no green block", "")
                    : SceneAnswer.Fine,
            NeedsResume = () => _needsResume,
        };

    [Fact]
    public void What_the_policy_can_read_is_taken_without_a_word()
    {
        var read = Check.Read("  Pick up the red block. ");

        Assert.Equal(("Pick up the red block.", "", ""), (read.Text, read.Problem, read.Note));
        Assert.Empty(read.UnknownWords);
        Assert.False(read.IsStop);
    }

    [Fact]
    public void Words_to_a_policy_that_takes_none_are_taken_and_that_is_said()
    {
        var read = new InstructionCheck { TakesWords = false }.Read("pick it up");

        Assert.Equal(("pick it up", "", InstructionCheck.NoWords), (read.Text, read.Problem, read.Note));
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("stop\u0007")]
    [InlineData(" \ud800 stop!")]
    public void A_stop_is_a_stop_whatever_else_is_wrong_with_the_text(string text) =>
        Assert.True(Check.Read(text).IsStop);

    [Theory]
    [InlineData("", "the instruction is empty")]
    [InlineData("...", "the instruction has no words")]
    [InlineData(
        "florb",
        "the policy knows none of these words: \"florb\"; vocab.txt in the policy's directory lists those it knows"
    )]
    [InlineData(
        "put the red block on the red tray at the left",
        "the instruction is too long for the policy: it has 11 tokens (words, parts of words, marks), and 8 are "
            + "read, as far as \"put the red block on the red tray\""
    )]
    [InlineData("grab the green florb", "there is no green block")]
    [InlineData("/foo bar", "'/foo' is a command, not an instruction")]
    [InlineData("Resume", "'Resume' is not an instruction: to go on after a stop type /resume")]
    [InlineData("continue!", "'continue!' is not an instruction: to go on")]
    [InlineData("quit", "'quit' is not an instruction: to end the program type /quit")]
    public void What_cannot_be_done_is_refused_with_the_reason(string text, string problem) =>
        Assert.StartsWith(problem, Check.Read(text).Problem, StringComparison.Ordinal);

    [Fact]
    public void Who_says_stop_within_a_task_is_told_that_it_is_taken_as_a_task() =>
        Assert.Equal(
            "taken as a task, not as a stop: to stop the robot say stop and nothing else",
            Check.Read("push the stop sign left").Note
        );

    [Fact]
    public void Who_instructs_a_stopped_robot_is_told_that_it_stays_stopped()
    {
        _needsResume = true;

        Assert.Equal(
            "the policy does not know \"florb\" and acts on the other words; the robot is stopped, and stays so "
                + "until it is resumed (/resume)",
            Check.Read("grab the florb").Note
        );
    }
}
