using System.Diagnostics.Metrics;
using Vla.Actors.Cameras;
using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Observers;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Telemetry;

/// <summary>The pipeline's metrics, under the meter <c>Vla</c>; docs/operations.md has them in a table.</summary>
/// <remarks>
/// Counters and gauges read what the parts count anyway, when somebody asks. Durations are recorded from
/// what observers are shown, on one thread at a time.
/// </remarks>
internal sealed class VlaMetrics : IDisposable
{
    private readonly PipelineParts _parts;
    private readonly Histogram<double> _tickLateness;
    private readonly Histogram<double> _stageDuration;
    private readonly Histogram<double> _waiting;
    private readonly Histogram<double> _tickWait;
    private readonly Histogram<double> _captureToPublish;
    private readonly Histogram<double> _instructionToAction;
    private readonly Dictionary<string, KeyValuePair<string, object?>> _steps;
    private long _lastInstruction;

    public VlaMetrics(PipelineParts parts, RobotProfile profile, Func<long> lost)
    {
        _parts = parts;
        var (cameras, stages) = (parts.Monitors.Cameras, parts.Monitors.Stages);
        _steps = parts.Monitors.ByStep.ToDictionary(step => step.Key, step => Stage(step.Value));
        _steps[StepTrail.Prepare] = Tag("vla.stage", "preparation");

        _tickLateness = Histogram("vla.control.tick.lateness", "How late ticks are", Buckets.Lateness);
        _stageDuration = Histogram(
            "vla.stage.duration",
            "A stage's work on one picture, or on one instruction",
            Buckets.Durations
        );
        _waiting = Histogram(
            "vla.action.waiting",
            "Between the stages and on the way to the control loop",
            Buckets.Lateness
        );
        _tickWait = Histogram(
            "vla.action.tick_wait",
            "From the control loop to the tick that published it",
            Buckets.Durations
        );
        _captureToPublish = Histogram(
            "vla.action.capture_to_publish",
            "From the picture to its published action",
            Buckets.Durations
        );
        _instructionToAction = Histogram(
            "vla.instruction.to_action",
            "From an instruction to the first action made with it",
            Buckets.Durations
        );

        Counters(
            "vla.control.ticks",
            "{tick}",
            "Published actions",
            control => States((state, tag) => new Measurement<long>(control.PublishedFrom(state), tag))
        );
        Counter("vla.control.skipped_ticks", "{tick}", "Deadlines without a tick", control => control.SkippedTicks);
        Counter(
            "vla.control.faults",
            "{fault}",
            "Ticks that failed inside the loop and published a stop",
            control => control.Faults
        );
        Meter.CreateObservableGauge(
            "vla.control.state",
            () => Control(control => States((state, tag) => new Measurement<int>(control.State == state ? 1 : 0, tag))),
            "{state}",
            "1 for the state the loop is in"
        );

        Counter(
            "vla.actions.decoded",
            "{action}",
            "Actions, or chunks, that reached the control loop",
            control => control.Offered
        );
        Counter(
            "vla.actions.replaced",
            "{action}",
            "Replaced by a newer one before a tick came",
            control => control.Replaced
        );
        Counters(
            "vla.actions.refused",
            "{action}",
            "Refused, and why",
            control =>
                Enum.GetValues<Refusal>()
                    .Select(reason => new Measurement<long>(
                        control.RefusedFor(reason),
                        Tag("vla.reason", Words(reason))
                    ))
        );
        Counters(
            "vla.action.clamps",
            "{value}",
            "Values changed by a limit",
            control =>
                profile.Dimensions.Zip(
                    control.Clamps,
                    (dimension, count) => new Measurement<long>(count, Tag("vla.dimension", dimension.Name))
                )
        );
        Meter.CreateObservableGauge(
            "vla.action.age",
            () =>
                Control(control =>
                    control.ActionAgeNs is { } ageNs
                        ? [new Measurement<double>(Seconds(ageNs))]
                        : Array.Empty<Measurement<double>>()
                ),
            "s",
            "Age of the picture behind the newest action of the policy"
        );

        Meter.CreateObservableCounter(
            "vla.camera.frames",
            () => Each(camera => camera.Frames),
            "{frame}",
            "Frames captured"
        );
        Meter.CreateObservableCounter(
            "vla.camera.dropped",
            () => Each(camera => camera.Replaced),
            "{frame}",
            "Frames replaced by newer ones before a stage wanted them"
        );
        Meter.CreateObservableCounter(
            "vla.camera.left_out",
            () =>
                cameras.SelectMany(camera =>
                    new[]
                    {
                        new Measurement<long>(camera.Damaged, Camera(camera), Tag("vla.reason", "damaged")),
                        new Measurement<long>(camera.WrongSize, Camera(camera), Tag("vla.reason", "wrong_size")),
                    }
                ),
            "{frame}",
            "Frames left out"
        );
        Meter.CreateObservableCounter(
            "vla.camera.reopened",
            () => Each(camera => camera.Reopened),
            "{time}",
            "How often a lost camera was opened again"
        );
        Meter.CreateObservableCounter(
            "vla.stage.results",
            () => stages.Select(stage => new Measurement<long>(stage.Processed, Stage(stage))),
            "{result}",
            "Results given"
        );
        Meter.CreateObservableCounter(
            "vla.stage.restarts",
            () => stages.Select(stage => new Measurement<long>(stage.Restarts, Stage(stage))),
            "{restart}",
            "Restarts after a failure"
        );

        Counters(
            "vla.output.actions",
            "{action}",
            "Actions an output took",
            control => Outputs(control, output => output.Applied)
        );
        Counters(
            "vla.output.dropped",
            "{action}",
            "Actions an output never saw: replaced, or passed over after a failure",
            control => Outputs(control, output => output.Dropped)
        );
        Counters(
            "vla.output.failures",
            "{failure}",
            "Actions an output threw at",
            control => Outputs(control, output => output.Failures)
        );

        Meter.CreateObservableGauge("vla.torch.tensors", () => Tensor.TotalCount, "{tensor}", "Tensors alive");
        Meter.CreateObservableCounter("vla.telemetry.lost", lost, "{record}", "Durations and traces that were dropped");

        IEnumerable<Measurement<long>> Each(Func<CameraMonitor, long> count) =>
            cameras.Select(camera => new Measurement<long>(count(camera), Camera(camera)));
    }

    public Meter Meter { get; } = new(PipelineTelemetry.Name, PipelineTelemetry.Version);

    public void Dispose() => Meter.Dispose();

    public void RecordTick(long latenessNs) => _tickLateness.Record(Seconds(Math.Max(0, latenessNs)));

    public void RecordAction(FirstPublished action)
    {
        var origin = action.Origin;
        var total = action.PublishedNs - origin.CapturedNs;
        var tickWait = action.PublishedNs - action.OfferedNs;
        RecordSteps(origin.Steps);
        _waiting.Record(Seconds(total - origin.Steps.WorkNs - tickWait));
        _tickWait.Record(Seconds(tickWait));
        _captureToPublish.Record(Seconds(total));

        if (origin.InstructionNumber == _lastInstruction)
            return;
        _lastInstruction = origin.InstructionNumber;
        RecordSteps(origin.InstructionSteps);
        if (origin.InstructionGivenNs > 0)
            _instructionToAction.Record(Seconds(action.PublishedNs - origin.InstructionGivenNs));
    }

    private void RecordSteps(StepTrail steps)
    {
        foreach (var step in steps)
        {
            _stageDuration.Record(
                Seconds(step.DurationNs),
                _steps.TryGetValue(step.Step, out var tag) ? tag : Tag("vla.stage", step.Step)
            );
        }
    }

    private static IEnumerable<Measurement<T>> States<T>(
        Func<ControlState, KeyValuePair<string, object?>, Measurement<T>> measure
    )
        where T : struct =>
        Enum.GetValues<ControlState>().Select(state => measure(state, Tag("vla.state", state.Word())));

    private static IEnumerable<Measurement<long>> Outputs(ControlSnapshot control, Func<OutputSnapshot, long> count) =>
        control.Outputs.Select(output => new Measurement<long>(count(output), Tag("vla.output", output.Name)));

    private static KeyValuePair<string, object?> Camera(CameraMonitor camera) => Tag("vla.camera", camera.Name);

    private static KeyValuePair<string, object?> Stage(StageMonitor stage) =>
        Tag("vla.stage", stage.Name.Replace(' ', '_'));

    private static string Words(Refusal reason) =>
        reason switch
        {
            Refusal.WrongLength => "wrong_length",
            Refusal.NotANumber => "not_a_number",
            Refusal.Infinite => "infinite",
            Refusal.Stale => "stale",
            Refusal.Blind => "blind",
            _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "has no word yet"),
        };

    private static KeyValuePair<string, object?> Tag(string key, string value) => new(key, value);

    private static double Seconds(long ns) => ns / (double)MonotonicTime.NsPerSecond;

    private T Control<T>(Func<ControlSnapshot, T> read) => read(_parts.Control.Snapshot());

    private void Counter(string name, string unit, string description, Func<ControlSnapshot, long> read) =>
        Meter.CreateObservableCounter(name, () => Control(read), unit, description);

    private void Counters(
        string name,
        string unit,
        string description,
        Func<ControlSnapshot, IEnumerable<Measurement<long>>> read
    ) => Meter.CreateObservableCounter(name, () => Control(read), unit, description);

    private Histogram<double> Histogram(string name, string description, double[] buckets) =>
        Meter.CreateHistogram(
            name,
            "s",
            description,
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets }
        );

    /// <summary>Upper bounds of the histograms' buckets, seconds.</summary>
    private static class Buckets
    {
        public static readonly double[] Lateness =
        [
            0.00001,
            0.00002,
            0.00005,
            0.0001,
            0.0002,
            0.0005,
            0.001,
            0.002,
            0.005,
            0.01,
            0.02,
            0.05,
            0.1,
            0.5,
        ];

        public static readonly double[] Durations =
        [
            0.00005,
            0.0001,
            0.0002,
            0.0005,
            0.001,
            0.002,
            0.005,
            0.0075,
            0.01,
            0.015,
            0.02,
            0.03,
            0.04,
            0.05,
            0.075,
            0.1,
            0.15,
            0.2,
            0.5,
            1,
            2,
            5,
        ];
    }
}
