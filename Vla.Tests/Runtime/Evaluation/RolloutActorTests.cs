using Akka.Actor;
using Akka.TestKit;
using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Runtime.Evaluation;
using Vla.Sensors.Simulation;
using Vla.Tests.Actors.Wiring;
using Failure = Akka.Actor.Status.Failure;

namespace Vla.Tests.Runtime.Evaluation;

public sealed class RolloutActorTests : PipelineTestKit
{
    private static readonly StateSpec JawAndX = new(["gripper", "x"], ["1", "m"], [0f, 0f], [1f, 1f]);

    private readonly Episode _episode = new EvaluationPlan { Episodes = 1 }.Lay()[0];
    private readonly StateAsSeen _state = new(JawAndX);
    private readonly TestProbe _decoder;
    private readonly TestProbe _language;
    private readonly TestProbe _vision;
    private IActorRef _rollout;

    public RolloutActorTests()
    {
        (_decoder, _language, _vision) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        _rollout = Start(new ChunkExecution { Execute = 2 });
    }

    [Fact]
    public async Task A_picture_waits_until_the_instruction_that_goes_with_it_is_known()
    {
        await BeginAsync();

        _rollout.Tell(Ready.Once, _vision);
        _rollout.Tell(new InstructionWanted(0), _language);
        var first = await _language.ExpectMsgAsync<InstructionChanged>();
        await _vision.ExpectNoMsgAsync(TimeSpan.Zero);
        _rollout.Tell(new InstructionWanted(first.Instruction.Number), _language);

        Assert.Equal(_episode.Assignment.Instruction, first.Instruction.Text);
        (await _vision.ExpectMsgAsync<ObservationCaptured>()).Dispose();
    }

    [Fact]
    public async Task Demand_said_twice_brings_the_same_picture_again_and_none_once_the_world_has_moved_on()
    {
        await BeginAsync();
        await ShowAsync(instruction: 1);

        _rollout.Tell(Ready.Once, _vision);
        _rollout.Tell(new InstructionWanted(1), _language);
        using var again = await _vision.ExpectMsgAsync<ObservationCaptured>();
        Decode(new WorldAction(0, 0, 0, 0, 0, 0, 1));
        await _decoder.ExpectMsgAsync(Ready.Once);

        Assert.Equal(0, again.Observation.CapturedNs);
        await _vision.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task So_many_actions_of_a_chunk_are_carried_out_as_it_is_told()
    {
        await BeginAsync();
        await ShowAsync(instruction: 1);
        var expected = _episode.Lay();
        WorldAction[] chunk =
        [
            new(0.01f, 0, 0, 0, 0, 0, 0),
            new(0, 0.01f, 0, 0, 0, 0.1f, 0),
            new(0, 0, -0.03f, 0, 0, 0, 1),
        ];
        expected.Step(chunk[0]);
        expected.Step(chunk[1]);

        Decode(chunk);
        await _decoder.ExpectMsgAsync(Ready.Once);
        var state = await ShowAsync(instruction: 1);

        Assert.Equal([(float)(expected.Gripper.Jaw / Gripper.JawOpen), (float)expected.Gripper.X], state);
    }

    [Fact]
    public async Task A_policy_that_wants_both_cameras_is_shown_both_of_one_moment()
    {
        _rollout = Sys.ActorOf(
            RolloutActor.Props(
                (_, _) => _decoder,
                [("wrist", WorldView.Wrist), ("front", WorldView.Front)],
                _ => TinyImage,
                _state,
                new ChunkExecution { Execute = 2 }
            )
        );
        await BeginAsync();
        _rollout.Tell(Ready.Once, _vision);
        _rollout.Tell(new InstructionWanted(1), _language);

        using var captured = await _vision.ExpectMsgAsync<ObservationCaptured>();

        var seen = captured.Observation;
        Assert.Equal(["wrist", "front"], seen.Names);
        Assert.Equal(seen[0].CapturedNs, seen[1].CapturedNs);
        Assert.False(seen[0].Pixels.AsSpan().SequenceEqual(seen[1].Pixels));
    }

    [Fact]
    public async Task A_policy_that_takes_no_words_is_shown_the_table_without_asking_for_any()
    {
        _rollout = Sys.ActorOf(
            RolloutActor.Props(
                (_, _) => _decoder,
                [("front", WorldView.Front)],
                _ => TinyImage,
                _state,
                new ChunkExecution { Execute = 2 },
                takesWords: false
            )
        );
        await BeginAsync();
        _rollout.Tell(Ready.Once, _vision);

        using var captured = await _vision.ExpectMsgAsync<ObservationCaptured>();

        Assert.Equal(1, captured.Observation.InstructionNumber);
    }

    [Fact]
    public async Task Chunks_are_blended_where_the_policy_wants_it()
    {
        _rollout = Start(
            new ChunkExecution
            {
                Blend = ChunkBlend.Ensemble,
                EnsembleDecay = 0,
                Binary = [6],
            }
        );
        await BeginAsync();
        await ShowAsync(instruction: 1);
        var expected = _episode.Lay();
        expected.Step(new WorldAction(0.01f, 0, 0, 0, 0, 0, 1));
        expected.Step(new WorldAction(0.02f, 0, 0, 0, 0, 0, 0));

        Decode(new WorldAction(0.01f, 0, 0, 0, 0, 0, 1), new WorldAction(0.03f, 0, 0, 0, 0, 0, 1));
        await _decoder.ExpectMsgAsync(Ready.Once);
        await ShowAsync(instruction: 1);
        Decode(capturedNs: 100_000_000, new WorldAction(0.01f, 0, 0, 0, 0, 0, 0));
        await _decoder.ExpectMsgAsync(Ready.Once);
        var state = await ShowAsync(instruction: 1);

        Assert.Equal([(float)(expected.Gripper.Jaw / Gripper.JawOpen), (float)expected.Gripper.X], state);
    }

    [Fact]
    public async Task An_episode_that_never_succeeds_ends_after_nine_seconds()
    {
        await BeginAsync();
        for (var i = 0; i < Rollout.StepLimit / 2; i++)
        {
            await ShowAsync(instruction: 1);
            Decode(new WorldAction(0, 0, 0, 0, 0, 0, 1), new WorldAction(0, 0, 0, 0, 0, 0, 1));
            if (i + 1 < Rollout.StepLimit / 2)
                await _decoder.ExpectMsgAsync(Ready.Once);
        }

        var result = await ExpectMsgAsync<EpisodeResult>();

        Assert.Equal((false, Rollout.Timeout, 9.0), (result.Succeeded, result.Reason, result.Seconds));
        Assert.Equal(Rollout.StepLimit + 1, result.States.Count);
    }

    [Fact]
    public async Task Values_that_are_not_numbers_are_the_end()
    {
        await BeginAsync();
        await ShowAsync(instruction: 1);

        Decode(new WorldAction(float.NaN, 0, 0, 0, 0, 0, 1));

        Assert.Contains("not numbers", (await ExpectMsgAsync<Failure>()).Cause.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6, "6 values")]
    [InlineData(15, "15 values")]
    public async Task A_chunk_of_another_length_is_the_end(int values, string message)
    {
        await BeginAsync();
        await ShowAsync(instruction: 1);

        _rollout.Tell(new ActionDecoded(new ActionChunk(new float[values], values / 7 + 1, 1, default)), _decoder);

        Assert.Contains(message, (await ExpectMsgAsync<Failure>()).Cause.Message, StringComparison.Ordinal);
        _rollout.Tell(new RunEpisode(_episode), TestActor);
        await ExpectMsgAsync<Failure>();
    }

    private async Task BeginAsync()
    {
        _rollout.Tell(new RunEpisode(_episode), TestActor);
        await _decoder.ExpectMsgAsync(Ready.Once);
    }

    private async Task<float[]> ShowAsync(long instruction)
    {
        _rollout.Tell(new InstructionWanted(instruction), _language);
        _rollout.Tell(Ready.Once, _vision);
        using var captured = await _vision.ExpectMsgAsync<ObservationCaptured>();
        return captured.Observation.State!.Values;
    }

    private IActorRef Start(ChunkExecution execution) =>
        Sys.ActorOf(
            RolloutActor.Props((_, _) => _decoder, [("front", WorldView.Front)], _ => TinyImage, _state, execution)
        );

    private void Decode(params WorldAction[] actions) => Decode(0, actions);

    private void Decode(long capturedNs, params WorldAction[] actions)
    {
        var values = new float[actions.Length * WorldAction.Dimensions];
        for (var i = 0; i < actions.Length; i++)
            actions[i].CopyTo(values.AsSpan(i * WorldAction.Dimensions));
        _rollout.Tell(
            new ActionDecoded(
                new ActionChunk(values, actions.Length, 100_000_000, new Origin { CapturedNs = capturedNs })
            ),
            _decoder
        );
    }
}
