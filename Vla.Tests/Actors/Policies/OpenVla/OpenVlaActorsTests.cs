using Akka.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using OpenCvSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Policies.OpenVla;
using Vla.Actors.Policies.OpenVla.Modules;
using Vla.Actors.Stages;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using Vla.Tests.Actors.Policies.Tokenizing;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.OpenVla;

/// <summary>An OpenVLA policy's real actors between two probes, on a picture prepared as the camera's are.</summary>
public sealed class OpenVlaActorsTests : PipelineTestKit
{
    private const string Fixture = "openvla";

    private readonly TemporaryDirectory _directory = new();
    private readonly TestProbe _observations;
    private readonly TestProbe _instructions;
    private readonly TestProbe _publisher;

    public OpenVlaActorsTests() =>
        (_observations, _instructions, _publisher) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());

    [FixtureFact(Fixture)]
    public async Task An_action_is_the_models_and_says_where_it_came_from()
    {
        _directory.With(SharedFixtures.Path(Fixture));
        File.WriteAllText(_directory.File("tokenizer.json"), Tokenizers.OfLlama(["▁"]));
        var policy = (OpenVlaPolicy)
            PolicyFamilies
                .Load(_directory.Path)
                .Driving(
                    new RobotNaming
                    {
                        Who = "a robot",
                        ActionNames = [],
                        ActionUnits = [],
                    }
                );
        var language = policy.Start(Sys, Host(policy));
        language.Tell(Ready.Once, _publisher);
        Assert.Equal(0, (await _instructions.ExpectMsgAsync<InstructionWanted>()).After);
        await _observations.ExpectNoMsgAsync(TimeSpan.Zero);
        _instructions.Reply(new InstructionChanged(new Instruction(4, "lift the can", GivenNs: 0)));
        await _observations.FishForMessageAsync(message => message is Ready);

        using var golden = Checkpoint.Open(Path.Combine(SharedFixtures.Path(Fixture), "golden.safetensors"));
        Show(policy, golden.ReadTensor("case1.image"));
        var chunk = (await _publisher.ExpectMsgAsync<ActionDecoded>(TimeSpan.FromSeconds(20))).Chunk;

        using var model = OpenVlaCheckpoint.Open(_directory.Path, CPU);
        using var patches = model.Look(golden.ReadTensor("case1.pixel_values"));
        Assert.Equal(policy.Act(model.Answer(patches, policy.Ask("lift the can"), 7)), chunk.Values);
        Assert.Equal(["prepare", "look", "answer"], chunk.Origin.Steps.Select(step => step.Step));
        Assert.Equal(("lift the can", 4), (chunk.Origin.Instruction, chunk.Origin.InstructionNumber));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _directory.Dispose();
    }

    private PolicyHost Host(OpenVlaPolicy policy) =>
        new()
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
        };

    private void Show(OpenVlaPolicy policy, Tensor picture)
    {
        using var plain = picture.contiguous();
        using var rgb = Mat.FromPixelData(
            (int)plain.shape[0],
            (int)plain.shape[1],
            MatType.CV_8UC3,
            plain.bytes.ToArray()
        );
        using var bgr = rgb.CvtColor(ColorConversionCodes.RGB2BGR);
        var frame = new FramePool(policy.Image).Rent();
        using var preparation = new ImagePreparation(policy.Image);
        preparation.Prepare(bgr, frame.Pixels);
        (frame.Sequence, frame.CapturedNs, frame.PreparedNs) = (1, 10, 20);
        _observations.Sender.Tell(new ObservationCaptured(new Observation(["front"], frame)), _observations);
    }
}
