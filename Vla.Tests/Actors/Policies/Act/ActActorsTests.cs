using Akka.Actor;
using Akka.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using OpenCvSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Act;

/// <summary>An ACT policy's real actors between two probes, on pictures prepared as the cameras' are.</summary>
public sealed class ActActorsTests : PipelineTestKit
{
    private const double OfActions = 2e-3;
    private const int Dimensions = 6;

    private readonly TemporaryDirectory _directory = new TemporaryDirectory().With(TestData.Path("act/tiny"));
    private readonly TestProbe _observations;
    private readonly TestProbe _publisher;

    public ActActorsTests() => (_observations, _publisher) = (CreateTestProbe(), CreateTestProbe());

    [Fact]
    public async Task A_chunk_is_LeRobots_and_says_where_it_came_from()
    {
        var policy = Policy();
        var transformer = Start(policy);
        transformer.Tell(Ready.Once, _publisher);
        await _observations.ExpectMsgAsync(Ready.Once);

        Show(policy, frame: 0);

        var chunk = (await _publisher.ExpectMsgAsync<ActionDecoded>()).Chunk;
        using var golden = Checkpoint.Open(TestData.Path("act/tiny/golden.safetensors"));
        AssertClose(ChunkValues.Of(golden.ReadTensor("chunk")), chunk.Values);
        Assert.Equal((20, 50_000_000), (chunk.Horizon, chunk.StepNs));
        Assert.Equal(["prepare", "look", "plan"], chunk.Origin.Steps.Select(step => step.Step));
        Assert.Equal((1, 3), (chunk.Origin.FrameSequence, chunk.Origin.InstructionNumber));
        Assert.Equal("tidy up", chunk.Origin.Instruction);
    }

    [Fact]
    public async Task The_next_pictures_are_asked_for_while_the_transformer_works_and_no_words_ever()
    {
        var policy = Policy();
        var transformer = Start(policy);
        transformer.Tell(Ready.Continuous, _publisher);
        await _observations.ExpectMsgAsync(Ready.Continuous);

        Show(policy, frame: 0);

        await _observations.ExpectMsgAsync(Ready.Continuous);
        await _publisher.ExpectMsgAsync<ActionDecoded>();
    }

    [Fact]
    public async Task Cameras_of_different_sizes_go_through_one_by_one()
    {
        var config = _directory.File("config.json");
        var text = File.ReadAllText(config);
        var wrist = text.IndexOf("observation.images.wrist", StringComparison.Ordinal);
        File.WriteAllText(config, text[..wrist] + text[wrist..].Replace("96", "48", StringComparison.Ordinal));
        var policy = Policy();
        var transformer = Start(policy);
        transformer.Tell(Ready.Once, _publisher);
        await _observations.ExpectMsgAsync(Ready.Once);

        Show(policy, frame: 0);

        Assert.Equal(20 * Dimensions, (await _publisher.ExpectMsgAsync<ActionDecoded>()).Chunk.Values.Length);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _directory.Dispose();
    }

    private IPolicy Policy() =>
        PolicyFamilies
            .Load(_directory.Path)
            .Driving(
                new RobotNaming
                {
                    Who = "a robot",
                    ActionNames = ["a", "b", "c", "d", "e", "f"],
                    ActionUnits = ["1", "1", "1", "1", "1", "1"],
                    StateNames = ["a", "b", "c", "d", "e", "f"],
                    StateUnits = ["1", "1", "1", "1", "1", "1"],
                    StepMs = 50,
                }
            );

    private IActorRef Start(IPolicy policy) =>
        policy.Start(
            Sys,
            new PolicyHost
            {
                Observations = _observations,
                Instructions = CreateTestProbe(),
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

    /// <summary>A frame of the fixture as its cameras would give it, in another order than the policy's.</summary>
    private void Show(IPolicy policy, int frame)
    {
        using var inputs = Checkpoint.Open(TestData.Path("act/inputs.safetensors"));
        using var state = inputs.ReadTensor("observation.state").narrow(0, frame, 1);
        var observation = new Observation(["wrist", "front"], Frame("wrist"), Frame("front"))
        {
            State = new RobotReading(policy.State.Names, ChunkValues.Of(state.contiguous()), AtNs: 1),
            Instruction = "tidy up",
            InstructionNumber = 3,
        };
        _observations.Sender.Tell(new ObservationCaptured(observation), _observations);

        Frame Frame(string camera)
        {
            using var pictures = inputs.ReadTensor($"observation.images.{camera}");
            using var one = pictures.narrow(0, frame, 1).contiguous();
            using var rgb = Mat.FromPixelData(96, 128, MatType.CV_8UC3, one.bytes.ToArray());
            using var bgr = rgb.CvtColor(ColorConversionCodes.RGB2BGR);
            var rented = new FramePool(policy.ImageOf(camera)).Rent();
            using var preparation = new ImagePreparation(policy.ImageOf(camera));
            preparation.Prepare(bgr, rented.Pixels);
            (rented.Sequence, rented.CapturedNs, rented.PreparedNs) = (1, 10, 20);
            return rented;
        }
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.True(expected.Zip(actual, (one, other) => Math.Abs(one - other)).Max() <= OfActions);
    }
}
