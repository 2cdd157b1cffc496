using Akka.Actor;
using Akka.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using OpenCvSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Rt1;
using Vla.Actors.Stages;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Rt1;

/// <summary>An RT-1 policy's real actors between two probes, on pictures prepared as the cameras' are.</summary>
public sealed class Rt1ActorsTests : PipelineTestKit
{
    private const string Fixture = "rt1";
    private const long StepNs = 333_333_333;

    private readonly TemporaryDirectory _directory = new();
    private readonly TestProbe _observations;
    private readonly TestProbe _instructions;
    private readonly TestProbe _publisher;
    private long _instructionNumber;

    public Rt1ActorsTests() =>
        (_observations, _instructions, _publisher) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());

    [FixtureFact(Fixture)]
    public async Task Actions_are_the_originals_picture_by_picture_and_a_new_instruction_begins_anew()
    {
        var policy = Policy();
        var transformer = Start(policy);
        using var golden = Checkpoint.Open(Path.Combine(SharedFixtures.Path(Fixture), "golden.safetensors"));

        for (var i = 0; i < 9; i++)
        {
            var chunk = await Next(policy, transformer, i == 0 ? "one" : null, i, i * StepNs);
            AssertAction(golden, "stream", i, chunk);
            Assert.Equal(["prepare", "look", "decide"], chunk.Origin.Steps.Select(step => step.Step));
            Assert.Equal("one", chunk.Origin.Instruction);
        }

        for (var i = 0; i < 2; i++)
            AssertAction(
                golden,
                "stream_other_instruction",
                i,
                await Next(policy, transformer, i == 0 ? "other" : null, i, (9 + i) * StepNs)
            );
    }

    [FixtureFact(Fixture)]
    public async Task After_a_long_pause_it_begins_anew_too()
    {
        var policy = Policy();
        var transformer = Start(policy);
        using var golden = Checkpoint.Open(Path.Combine(SharedFixtures.Path(Fixture), "golden.safetensors"));

        await Next(policy, transformer, "one", 5, 0);
        var first = await Next(policy, transformer, null, 0, 7 * StepNs);

        AssertAction(golden, "stream", 0, first);
    }

    [FixtureFact(Fixture)]
    public async Task Nothing_is_looked_at_before_there_are_words()
    {
        var transformer = Start(Policy());
        transformer.Tell(Ready.Once, _publisher);

        Assert.Equal(0, (await _instructions.ExpectMsgAsync<InstructionWanted>()).After);
        await _observations.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _directory.Dispose();
    }

    private IPolicy Policy()
    {
        _directory.With(SharedFixtures.Path(Fixture));
        using var inputs = Inputs();
        SafetensorsWriter.Write(
            _directory.File(InstructionTable.FileName),
            new Dictionary<string, Tensor>
            {
                ["one"] = inputs.ReadTensor("natural_language_embedding"),
                ["other"] = inputs.ReadTensor("other_natural_language_embedding"),
            }
        );
        return PolicyFamilies
            .Load(_directory.Path)
            .Driving(
                new RobotNaming
                {
                    Who = "a robot",
                    ActionNames = [],
                    ActionUnits = [],
                }
            );
    }

    private IActorRef Start(IPolicy policy) =>
        policy.Start(
            Sys,
            new PolicyHost
            {
                Observations = _observations,
                Instructions = _instructions,
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

    private async Task<ActionChunk> Next(IPolicy policy, IActorRef transformer, string? words, int picture, long atNs)
    {
        transformer.Tell(Ready.Once, _publisher);
        if (words is not null)
        {
            await _instructions.FishForMessageAsync(message =>
                message is InstructionWanted { After: var after } && after == _instructionNumber
            );
            _instructions.Reply(new InstructionChanged(new Instruction(++_instructionNumber, words, GivenNs: 0)));
        }

        await _observations.FishForMessageAsync(message => message is Ready);
        Show(policy, picture, atNs);
        var chunk = (await _publisher.ExpectMsgAsync<ActionDecoded>(TimeSpan.FromSeconds(20))).Chunk;
        Assert.False(_observations.HasMessages, "one demand brought two");
        return chunk;
    }

    private void Show(IPolicy policy, int picture, long atNs)
    {
        using var inputs = Inputs();
        using var pictures = inputs.ReadTensor("images");
        using var one = pictures.narrow(0, picture, 1).contiguous();
        using var rgb = Mat.FromPixelData(80, 100, MatType.CV_8UC3, one.bytes.ToArray());
        using var bgr = rgb.CvtColor(ColorConversionCodes.RGB2BGR);
        var frame = new FramePool(policy.Image).Rent();
        using var preparation = new ImagePreparation(policy.Image);
        preparation.Prepare(bgr, frame.Pixels);
        (frame.Sequence, frame.CapturedNs, frame.PreparedNs) = (1 + picture, atNs, atNs);
        _observations.Sender.Tell(new ObservationCaptured(new Observation(["front"], frame)), _observations);
    }

    private static void AssertAction(Checkpoint golden, string stream, int call, ActionChunk chunk)
    {
        var column = 0;
        foreach (
            var part in (string[])
                [
                    "terminate_episode",
                    "world_vector",
                    "rotation_delta",
                    "gripper_closedness_action",
                    "base_displacement_vertical_rotation",
                    "base_displacement_vector",
                ]
        )
        {
            using var all = golden.ReadTensor($"{stream}.action.{part}");
            using var one = all.narrow(0, call, 1).to(ScalarType.Float32).contiguous();
            foreach (var expected in one.data<float>().ToArray())
                Assert.Equal(expected, chunk.Values[column++], 1e-6);
        }

        Assert.Equal(column, chunk.Values.Length);
        Assert.Equal(1, chunk.Horizon);
    }

    private static Checkpoint Inputs() =>
        Checkpoint.Open(Path.Combine(SharedFixtures.Path(Fixture), "inputs.safetensors"));
}
