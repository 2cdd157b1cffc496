using Akka.Actor;
using Akka.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using OpenCvSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Chunks;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Policies.SmolVla;
using Vla.Actors.Policies.SmolVla.Modules;
using Vla.Actors.Stages;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using Vla.Tests.Actors.Policies.Tokenizing;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.SmolVla;

/// <summary>A SmolVLA policy's real actors between two probes, on pictures prepared as the cameras' are.</summary>
public sealed class SmolVlaActorsTests : PipelineTestKit
{
    private const string Fixture = "smolvla";
    private const double OfActions = 2e-3;
    private const string Words = "pick up the red block";

    private readonly TemporaryDirectory _directory = new();
    private TestProbe _observations;
    private TestProbe _instructions;
    private TestProbe _publisher;
    private long _instructionNumber;

    public SmolVlaActorsTests() =>
        (_observations, _instructions, _publisher) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());

    [FixtureFact(Fixture)]
    public async Task A_chunk_is_the_models_and_says_where_it_came_from()
    {
        var policy = Policy();
        var expert = Start(policy);

        var chunk = await ChunkOf(policy, expert, Words, frame: 0);

        AssertClose(Expected(policy, Words, frame: 0, 0), chunk.Values);
        Assert.Equal((12, 100_000_000), (chunk.Horizon, chunk.StepNs));
        Assert.Equal(["prepare", "look", "read", "plan"], chunk.Origin.Steps.Select(step => step.Step));
        Assert.Equal(
            (1, 1, Words),
            (chunk.Origin.FrameSequence, chunk.Origin.InstructionNumber, chunk.Origin.Instruction)
        );
    }

    [FixtureFact(Fixture)]
    public async Task Nothing_is_seen_before_there_are_words()
    {
        var expert = Start(Policy());
        expert.Tell(Ready.Once, _publisher);

        Assert.Equal(0, (await _instructions.ExpectMsgAsync<InstructionWanted>()).After);
        await _observations.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [FixtureFact(Fixture)]
    public async Task The_next_pictures_are_asked_for_while_this_chunk_is_made()
    {
        var policy = Policy();
        var expert = Start(policy);
        expert.Tell(Ready.Continuous, _publisher);
        await Say(Words);
        await _observations.ExpectMsgAsync(Ready.Continuous);

        Show(policy, frame: 0);

        await _observations.ExpectMsgAsync(Ready.Continuous);
        await _publisher.ExpectMsgAsync<ActionDecoded>();
    }

    [FixtureFact(Fixture)]
    public async Task Each_chunk_of_an_instruction_has_its_own_chance_and_the_same_again_for_the_same_seed()
    {
        var policy = Policy();
        var expert = Start(policy);
        var first = await ChunkOf(policy, expert, Words, frame: 0);
        var second = await ChunkOf(policy, expert, null, frame: 0);
        var said = await ChunkOf(policy, expert, Words, frame: 0);
        var other = Policy(new PolicyChoices { Seed = 5 });
        var seeded = await ChunkOf(other, Start(other), Words, frame: 0);

        Assert.NotEqual(first.Values, second.Values);
        Assert.Equal(first.Values, said.Values);
        Assert.NotEqual(first.Values, seeded.Values);
        AssertClose(Expected(policy, Words, frame: 0, 1), second.Values);
    }

    [FixtureFact(Fixture)]
    public async Task Other_words_make_another_chunk()
    {
        var policy = Policy();
        var expert = Start(policy);

        await ChunkOf(policy, expert, Words, frame: 0);
        var other = await ChunkOf(policy, expert, "put it down", frame: 0);

        AssertClose(Expected(policy, "put it down", frame: 0, 0), other.Values);
    }

    [FixtureFact(Fixture)]
    public async Task With_real_time_chunking_a_chunk_begins_as_the_one_before_goes_on()
    {
        var policy = Policy(new PolicyChoices { RealTimeChunking = true });
        var tally = new ChunkTally();
        var expert = Start(policy, tally.Progress);
        var first = await ChunkOf(policy, expert, Words, frame: 0);
        for (var row = 0; row < 4; row++)
            tally.Published(first, row, row * first.StepNs);

        // Two steps later; four of the old chunk's actions were published before it took over.
        var second = await ChunkOf(policy, expert, null, frame: 1, atNs: 2 * first.StepNs);

        var free = Expected(policy, Words, frame: 1, 1);
        var dimensions = policy.Action.Dimensions;
        var goesOn = first.Values.AsSpan(2 * dimensions, 2 * dimensions).ToArray();
        var guided = Distance(policy, goesOn, second.Values.AsSpan(0, 2 * dimensions));
        Assert.True(guided < 0.3 * Distance(policy, goesOn, free.AsSpan(0, 2 * dimensions)), $"{guided}");
    }

    [FixtureFact(Fixture)]
    public async Task Without_it_or_for_other_words_a_chunk_begins_anew()
    {
        var policy = Policy(new PolicyChoices { RealTimeChunking = false });
        var tally = new ChunkTally();
        var expert = Start(policy, tally.Progress);
        tally.Published(await ChunkOf(policy, expert, Words, frame: 0), 0, 0);
        var alone = await ChunkOf(policy, expert, null, frame: 0, atNs: 100_000_000);
        var chunking = Policy(new PolicyChoices { RealTimeChunking = true });
        var other = Start(chunking, tally.Progress);
        tally.Published(await ChunkOf(chunking, other, Words, frame: 0), 0, 0);
        var anew = await ChunkOf(chunking, other, "put it down", frame: 0, atNs: 100_000_000);

        AssertClose(Expected(policy, Words, frame: 0, 1), alone.Values);
        AssertClose(Expected(policy, "put it down", frame: 0, 0), anew.Values);
    }

    [FixtureFact(Fixture)]
    public void Without_its_tokenizer_a_run_is_refused_with_what_is_missing_and_model_says_it()
    {
        _directory.With(SharedFixtures.Path(Fixture)).WithVlm();
        var policy = PolicyFamilies.Load(_directory.Path);

        var error = Assert.Throws<PolicyException>(() => policy.Driving(Arm));

        const string mend = "put tokenizer.json of HuggingFaceTB/SmolVLM2-500M-Video-Instruct beside the weights";
        Assert.Contains(mend, error.Message, StringComparison.Ordinal);
        Assert.Contains(policy.Remarks, remark => remark.Contains(mend, StringComparison.Ordinal));
    }

    [FixtureFact(Fixture)]
    public void Another_models_tokenizer_is_refused()
    {
        _directory.With(SharedFixtures.Path(Fixture)).WithVlm();
        File.WriteAllText(_directory.File("tokenizer.json"), Tokenizers.OfBytes(added: 256));

        Assert.Contains(
            "has token ids up to 256, and the weights have 256: it is another model's tokenizer",
            Assert.Throws<PolicyException>(() => PolicyFamilies.Load(_directory.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [FixtureFact(Fixture)]
    public void Its_tokenizer_may_lie_where_LeRobot_saves_it_and_words_that_are_too_many_are_refused()
    {
        _directory.With(SharedFixtures.Path(Fixture)).WithVlm();
        Directory.CreateDirectory(_directory.File("tokenizer"));
        File.WriteAllText(_directory.File("tokenizer/tokenizer.json"), Tokenizers.OfBytes());
        var policy = PolicyFamilies.Load(_directory.Path).Driving(Arm);

        // A letter is a token here, and the newline behind the words is one.
        Assert.Null(policy.ReadWords(new string('a', 47))!.TooLong);
        Assert.NotNull(policy.ReadWords(new string('a', 48))!.TooLong);
        Assert.Contains(
            "as far as \"lift the\"",
            policy.ReadWords($"lift the {new string('a', 60)}")!.TooLong,
            StringComparison.Ordinal
        );
    }

    [FixtureFact(Fixture)]
    public void A_camera_that_stands_for_none_is_not_asked_for()
    {
        _directory.With(SharedFixtures.Path(Fixture)).WithVlm();
        _directory.Edit("config.json", "\"empty_cameras\": 0", "\"empty_cameras\": 1");
        _directory.Edit(
            "config.json",
            "\"observation.images.camera1\": {",
            """
            "observation.images.empty_camera_0": { "type": "VISUAL", "shape": [3, 480, 640] },
            "observation.images.camera1": {
            """
        );

        Assert.Equal(["camera1", "camera2"], PolicyFamilies.Load(_directory.Path).Pictures);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _directory.Dispose();
    }

    private static RobotNaming Arm { get; } =
        new()
        {
            Who = "a robot",
            ActionNames = ["a", "b", "c", "d", "e", "f"],
            ActionUnits = ["1", "1", "1", "1", "1", "1"],
            StateNames = ["a", "b", "c", "d", "e", "f"],
            StateUnits = ["1", "1", "1", "1", "1", "1"],
            StepMs = 100,
        };

    private IPolicy Policy(PolicyChoices? choices = null)
    {
        if (!File.Exists(_directory.File("tokenizer.json")))
        {
            _directory.With(SharedFixtures.Path(Fixture)).WithVlm();
            File.WriteAllText(_directory.File("tokenizer.json"), Tokenizers.OfBytes());
        }

        return PolicyFamilies.Load(_directory.Path).Choosing(choices ?? PolicyChoices.None).Driving(Arm);
    }

    private IActorRef Start(IPolicy policy, ChunkProgress? progress = null)
    {
        // Of its own, so that nothing is taken for what another policy asked.
        (_observations, _instructions, _publisher) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        _instructionNumber = 0;
        return policy.Start(
            new Under(Sys),
            new PolicyHost
            {
                Observations = _observations,
                Instructions = _instructions,
                Progress = progress,
                Monitors = policy.Steps.ToDictionary(
                    step => step.Name,
                    step => new StageMonitor(step.Stage, TimeProvider.System)
                ),
                Device = CPU,
                Threads = new StageThreads(1, 1, 1, 1),
                Time = TimeProvider.System,
                Loggers = NullLoggerFactory.Instance,
            }
        );
    }

    private async Task<ActionChunk> ChunkOf(IPolicy policy, IActorRef expert, string? words, int frame, long atNs = 10)
    {
        expert.Tell(Ready.Once, _publisher);
        if (words is not null)
            await Say(words);
        await _observations.FishForMessageAsync(message => message is Ready);
        Show(policy, frame, atNs);
        return (await _publisher.ExpectMsgAsync<ActionDecoded>()).Chunk;
    }

    private async Task Say(string words)
    {
        var wanted = await _instructions.FishForMessageAsync(message =>
            message is InstructionWanted { After: var after } && after == _instructionNumber
        );
        Assert.NotNull(wanted);
        _instructions.Reply(new InstructionChanged(new Instruction(++_instructionNumber, words, GivenNs: 0)));
    }

    /// <summary>What the model gives for a frame, un-normalised, begun with the chance of that chunk.</summary>
    private static float[] Expected(IPolicy policy, string words, int frame, int chunk)
    {
        using var scope = NewDisposeScope();
        using var model = SmolVlaCheckpoint.Load(policy.Directory, CPU);
        using var inputs = Inputs();
        var noise = new ChunkNoise(((SmolVlaPolicy)policy).Seed);
        Tensor? chance = null;
        for (var i = 0; i <= chunk; i++)
            chance = noise.Next(words, 1, 1, 12, 32);
        var ids = ((SmolVlaPolicy)policy).Tokenize(words);
        var normalised = model.Predict(
            new SmolVlaInput
            {
                Pictures = new Dictionary<string, Tensor>
                {
                    ["observation.images.camera1"] = inputs.ReadTensor("raw.camera1").narrow(0, frame, 1),
                    ["observation.images.camera2"] = inputs.ReadTensor("raw.camera2").narrow(0, frame, 1),
                },
                Tokens = ids,
                IsToken = ones_like(ids).to(ScalarType.Bool),
                State = inputs.ReadTensor("raw.state").narrow(0, frame, 1),
            },
            chance!
        );
        return ChunkValues.Of(model.Unnormalise(normalised));
    }

    private static Checkpoint Inputs() =>
        Checkpoint.Open(Path.Combine(SharedFixtures.Path(Fixture), "inputs.safetensors"));

    /// <summary>A frame of the fixture as its cameras would give it, in another order than the policy's.</summary>
    private void Show(IPolicy policy, int frame, long atNs = 10)
    {
        using var inputs = Inputs();
        using var state = inputs.ReadTensor("raw.state").narrow(0, frame, 1);
        var observation = new Observation(["camera2", "camera1"], Frame("camera2"), Frame("camera1"))
        {
            State = new RobotReading(policy.State.Names, ChunkValues.Of(state.contiguous()), AtNs: 1),
        };
        _observations.Sender.Tell(new ObservationCaptured(observation), _observations);

        Frame Frame(string camera)
        {
            using var pictures = inputs.ReadTensor($"raw.{camera}");
            using var one = pictures.narrow(0, frame, 1).contiguous();
            var (height, width) = ((int)one.shape[1], (int)one.shape[2]);
            using var rgb = Mat.FromPixelData(height, width, MatType.CV_8UC3, one.bytes.ToArray());
            using var bgr = rgb.CvtColor(ColorConversionCodes.RGB2BGR);
            var rented = new FramePool(policy.ImageOf(camera)).Rent();
            using var preparation = new ImagePreparation(policy.ImageOf(camera));
            preparation.Prepare(bgr, rented.Pixels);
            (rented.Sequence, rented.CapturedNs, rented.PreparedNs) = (1, atNs, atNs + 10);
            return rented;
        }
    }

    private static double Distance(IPolicy policy, ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        var sum = 0d;
        for (var i = 0; i < one.Length; i++)
            sum += Math.Abs(one[i] - other[i]) / policy.Action.Std[i % policy.Action.Dimensions];
        return sum;
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var off = expected.Zip(actual, (one, other) => Math.Abs(one - other)).Max();
        Assert.True(off <= OfActions, $"off by {off}");
    }

    /// <summary>Starts actors without names, as a test starts several policies in one system.</summary>
    private sealed class Under(IActorRefFactory system) : IActorRefFactory
    {
        public IActorRef ActorOf(Props props, string? name = null) => system.ActorOf(props);

        public ActorSelection ActorSelection(ActorPath actorPath) => system.ActorSelection(actorPath);

        public ActorSelection ActorSelection(string actorPath) => system.ActorSelection(actorPath);
    }
}
