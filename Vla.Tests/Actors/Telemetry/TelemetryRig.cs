using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using TorchSharp;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Actors.Wiring;
using Vla.Sensors;
using Vla.Tests.Actors.Robots;

namespace Vla.Tests.Actors.Telemetry;

/// <summary>
/// A pipeline's parts without its actors: the test says what they counted and when an action is published.
/// </summary>
internal sealed class TelemetryRig : IDisposable
{
    private static readonly Lazy<StagedPolicy> Notebook = new(() =>
        StagedPolicy.Load(Repository.File("config/policies/notebook"))
    );

    public TelemetryRig()
    {
        Control = new ControlLoop(Profile, new ControlOptions(), [Robot], Clock);
        Parts = new PipelineParts
        {
            Policy = Notebook.Value,
            Device = torch.CPU,
            Cameras = [new CameraParts("front", () => throw new NotSupportedException("no camera here"))],
            Instructions = new InstructionBoard(Time),
            Control = Control,
            Monitors = new PipelineMonitors(Time, Notebook.Value.Steps),
            Threads = new StageThreads(1, 1, 1, 1),
            Time = Time,
            Loggers = NullLoggerFactory.Instance,
        };
    }

    public FakeTimeProvider Time { get; } = new();

    public ManualClock Clock { get; } = new();

    public FakeRobot Robot { get; } = new() { Name = "arm" };

    public RobotProfile Profile { get; } = Make.Profile();

    public ControlLoop Control { get; }

    public PipelineParts Parts { get; }

    /// <summary>
    /// Publishes an action whose picture was taken 20 ms ago and whose stages took 1, 5, 0.1 and 0.1 ms.
    /// </summary>
    public void Publish(params float[] values)
    {
        var capturedNs = Clock.NowNs;
        Clock.Advance(10);
        Control.Offer(
            new ActionChunk(
                values,
                1,
                0,
                Make.Origin(capturedNs) with
                {
                    Words = new WordsInForce(1, "pick up the red block", capturedNs - 30 * MonotonicTime.NsPerMs)
                    {
                        Steps = StepTrail.Of(
                            "encode_instruction",
                            capturedNs - 2 * MonotonicTime.NsPerMs,
                            capturedNs - MonotonicTime.NsPerMs
                        ),
                    },
                }
            )
        );
        Clock.Advance(10);
        Control.Tick(Clock.NowNs);
    }

    public void Dispose() => Control.Dispose();
}
