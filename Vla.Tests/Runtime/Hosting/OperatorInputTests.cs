using Akka.Actor;
using Akka.Hosting;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Runtime.Hosting;
using Vla.Tests.Actors.Robots;
using Vla.Tests.Actors.Wiring;

namespace Vla.Tests.Runtime.Hosting;

public sealed class OperatorInputTests : PipelineTestKit
{
    private readonly ManualClock _clock = new();
    private readonly FakeRobot _robot = new();
    private readonly ControlLoop _control;
    private readonly OperatorInput _input;
    private bool _ended;

    public OperatorInputTests()
    {
        _control = new ControlLoop(Make.Profile(), new ControlOptions(), [_robot], _clock);
        // A probe that nobody makes answer stands for an actor that hangs.
        _input = new OperatorInput(_control, new Actor(TestActor), world: null, () => _ended = true);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("Emergency stop!")]
    [InlineData("/stop")]
    [InlineData("/STOP!")]
    [InlineData("/ stop")]
    public async Task A_stop_is_with_the_control_loop_at_once_whatever_hangs(string text)
    {
        _ = _input.TakeAsync("pick up the red block", atPrompt: true);

        var answer = _input.TakeAsync(text, atPrompt: true);

        Assert.Equal(ControlState.Stop, State());
        Assert.True(_control.NeedsResume);
        var said = await answer;
        Assert.Equal((OperatorAnswerKind.Stopped, "the robot is stopped until /resume"), (said.Kind, said.Text));
    }

    [Fact]
    public async Task A_stop_is_said_when_the_robot_has_taken_it_and_not_before()
    {
        var answer = _input.TakeAsync("/stop", atPrompt: true);

        Assert.False(answer.IsCompleted);
        Assert.Equal(ControlState.Stop, State());
        Assert.Equal(OperatorAnswerKind.Stopped, (await answer).Kind);
    }

    [Fact]
    public async Task A_robot_that_does_not_take_the_stop_is_named_to_whoever_typed_it()
    {
        _robot.Before = _ => throw new IOException("the plug is out");
        var answer = _input.TakeAsync("stop", atPrompt: true);
        State();

        PassASecond();

        var said = await answer;
        Assert.Equal(OperatorAnswerKind.NotStopped, said.Kind);
        Assert.Equal(
            "the stop is published, but output fake has not taken it: the plug is out; "
                + "the robot may still be moving: use its own emergency stop",
            said.Text
        );
    }

    [Fact]
    public async Task A_loop_that_publishes_nothing_is_said_to_whoever_stops_or_resumes_it()
    {
        var stop = _input.TakeAsync("stop", atPrompt: true);
        PassASecond();
        Assert.Equal(OperatorAnswerKind.NotStopped, (await stop).Kind);
        Assert.StartsWith("the stop is not published", (await stop).Text, StringComparison.Ordinal);

        var resume = _input.TakeAsync("/resume", atPrompt: true);
        PassASecond();
        Assert.Equal(
            (OperatorAnswerKind.Failed, "the robot is not resumed yet: the control loop publishes nothing"),
            ((await resume).Kind, (await resume).Text)
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_resume_ends_it(bool atPrompt)
    {
        var stop = _input.TakeAsync("stop", atPrompt);
        Assert.Equal(ControlState.Stop, State());
        await stop;

        var resume = _input.TakeAsync("/resume", atPrompt);

        Assert.Equal(ControlState.Hold, State());
        Assert.Equal(OperatorAnswerKind.Resumed, (await resume).Kind);
        Assert.False(_control.NeedsResume);
    }

    [Theory]
    [InlineData("/foo", "'/foo' is no command: /help says which there are")]
    [InlineData("/instruction pick up", "'/instruction' is no command")]
    [InlineData("//", "'//' is no command")]
    [InlineData("/new", "'/new' lays a table in the simulated world, and there is none: start with --camera world")]
    public async Task A_command_that_cannot_be_carried_out_is_refused(string text, string problem)
    {
        var answer = await _input.TakeAsync(text, atPrompt: true);

        Assert.Equal(OperatorAnswerKind.Refused, answer.Kind);
        Assert.StartsWith(problem, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_every_command()
    {
        var help = (await _input.TakeAsync("/help", atPrompt: true)).Text;

        Assert.All(
            (string[])["/stop", "/resume", "/new", "/help", "/quit"],
            command => Assert.Contains(command, help, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Quit_ends_the_program_from_the_prompt_only()
    {
        Assert.Equal(
            (OperatorAnswerKind.Refused, "'/quit' is a command of the prompt: here there are /stop and /resume"),
            await Kind("/quit", atPrompt: false)
        );
        Assert.False(_ended);

        await _input.TakeAsync("/quit", atPrompt: true);
        Assert.True(_ended);
    }

    [Fact]
    public async Task Everything_else_is_an_instruction_and_its_giver_hears_what_became_of_it()
    {
        var taken = _input.TakeAsync("grab the florb", atPrompt: true);
        Assert.Equal("grab the florb", (await ExpectMsgAsync<GiveInstruction>()).Text);
        LastSender.Tell(
            new InstructionChanged(new Instruction(3, "grab the florb", 0) { UnknownWords = ["florb"] })
            {
                Note = "unknown",
            }
        );
        Assert.Equal(
            (OperatorAnswerKind.Given, "instruction 3: grab the florb (unknown)"),
            ((await taken).Kind, (await taken).Text)
        );

        var refused = _input.TakeAsync("zzz", atPrompt: true);
        await ExpectMsgAsync<GiveInstruction>();
        LastSender.Tell(new InstructionRefused("not known") { UnknownWords = ["zzz"] });
        Assert.Equal((OperatorAnswerKind.Refused, "not known"), ((await refused).Kind, (await refused).Text));
        Assert.Equal(["zzz"], (await refused).UnknownWords);
    }

    protected override void AfterAll()
    {
        _control.Dispose();
        _robot.Dispose();
        base.AfterAll();
    }

    private async Task<(OperatorAnswerKind Kind, string Text)> Kind(string text, bool atPrompt)
    {
        var answer = await _input.TakeAsync(text, atPrompt);
        return (answer.Kind, answer.Text);
    }

    private void PassASecond() => _clock.Advance(1_001);

    private ControlState State()
    {
        _clock.Advance(20);
        _control.Tick(_clock.NowNs);
        return _control.Snapshot().State;
    }

    private sealed class Actor(IActorRef actor) : IRequiredActor<InstructionActor>
    {
        public IActorRef ActorRef => actor;

        public Task<IActorRef> GetAsync(CancellationToken cancellationToken = default) => Task.FromResult(actor);
    }
}
