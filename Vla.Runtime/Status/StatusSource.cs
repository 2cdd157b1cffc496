using Vla.Actors.Cameras;
using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using Vla.Runtime.Outputs;
using Vla.Runtime.Processes;
using Vla.Runtime.Recording;
using Vla.Runtime.Simulation;
using Vla.Sensors;

namespace Vla.Runtime.Status;

/// <summary>Puts the report together from what the running parts count.</summary>
internal sealed class StatusSource : IHostedService, IDisposable
{
    /// <summary>How often rates are sampled.</summary>
    private static readonly TimeSpan SampleEvery = TimeSpan.FromMilliseconds(500);

    private readonly PipelineParts _parts;
    private readonly RobotProfile _profile;
    private readonly WorldEpisodes? _world;
    private readonly LiveRecording? _recording;
    private readonly RobotStateReader? _state;
    private readonly double _targetHz;
    private readonly TimeProvider _time;
    private readonly long _startedNs;
    private readonly (CameraMonitor Monitor, RateMeter Rate)[] _cameras;
    private readonly RateMeter _policy;
    private readonly RateMeter _control;
    private readonly (StageMonitor Monitor, RateMeter Rate)[] _stages;
    private ITimer? _timer;

    /// <param name="parts">What runs.</param>
    /// <param name="profile">Names and limits of the actions.</param>
    /// <param name="options">What was set.</param>
    /// <param name="world">The simulated world; null without one.</param>
    /// <param name="recording">Null when the run is not recorded.</param>
    /// <param name="state">What the robot tells of itself; null when it tells nothing.</param>
    public StatusSource(
        PipelineParts parts,
        RobotProfile profile,
        ControlOptions options,
        WorldEpisodes? world = null,
        LiveRecording? recording = null,
        RobotStateReader? state = null
    )
    {
        (_world, _recording, _state) = (world, recording, state);
        (_parts, _profile, _targetHz, _time) = (parts, profile, options.RateHz, parts.Time);
        (_policy, _control) = (new RateMeter(_time), new RateMeter(_time));
        _cameras = [.. parts.Monitors.Cameras.Select(camera => (camera, new RateMeter(_time)))];
        _stages = [.. parts.Monitors.Stages.Select(stage => (stage, new RateMeter(_time)))];
        _startedNs = _time.NowNs();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = _time.CreateTimer(_ => Sample(), null, TimeSpan.Zero, SampleEvery);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    public StatusReport Read()
    {
        var control = _parts.Control.Snapshot();
        var monitors = _parts.Monitors;
        var now = _time.NowNs();
        var camera = monitors.Camera;
        var instruction = _parts.Instructions.Current;
        var precision = _parts.Policy.PrecisionOn(_parts.Device);

        return new StatusReport
        {
            State = control.State.Word(),
            Reason = control.Reason,
            UptimeS = Round((now - _startedNs) / (double)MonotonicTime.NsPerSecond),
            Policy = _parts.Policy.Directory,
            Untrained = _parts.Policy.Untrained,
            Robot = new RobotStatus(_profile.Name, control.LimitsEnabled, RobotState(now)),
            Device = _parts.Device.ToString(),
            Precision = precision.Precision.ToString().ToLowerInvariant(),
            PrecisionNote = precision.Note,
            Instruction = instruction is null ? null : InstructionStatus.Of(instruction),
            Camera = new CameraStatus(
                StatusJson.Name(camera.State),
                camera.Description?.Name,
                camera.Description?.Width ?? 0,
                camera.Description?.Height ?? 0,
                camera.LastError
            ),
            Cameras = _cameras.ToDictionary(
                camera => camera.Monitor.Name,
                camera => Describe(camera.Monitor, camera.Rate.Hz)
            ),
            World = _world is null ? null : WorldStatus.Of(_world.Read()),
            Recording = _recording?.Read(),
            Rates = new RateStatus(Round(_cameras[0].Rate.Hz), Round(_policy.Hz), Round(_control.Hz), _targetHz),
            Stages = [.. _stages.Select(s => Describe(s.Monitor, s.Rate.Hz))],
            Action = control.Last is { } last ? Describe(last) : null,
            LatencyMs = _parts
                .Control.Latencies.Read(now)
                .Append(new NamedLatency("tick_lateness", control.TickLateness))
                .ToDictionary(latency => latency.Name, latency => Milliseconds(latency.Percentiles)),
            Counts = Count(control),
            Outputs =
            [
                .. control.Outputs.Select(o => new OutputStatus(
                    o.Name,
                    o.Applied,
                    o.Failures,
                    o.Dropped,
                    o.Failing,
                    o.LastError,
                    o.Note
                )),
            ],
            Observers = _parts.Control.Observers.Snapshot(),
            NotStopped = NotStopped(control),
            ControlThread = control.Scheduling,
        };
    }

    /// <summary>What the live view shows besides the action.</summary>
    public ConsoleSnapshot ForConsole()
    {
        var control = _parts.Control.Snapshot();
        var monitors = _parts.Monitors;
        return new ConsoleSnapshot
        {
            Instruction = _parts.Instructions.Current?.Text,
            World =
            [
                .. _recording?.Read().Session is { } session ? (string[])[session.Words] : [],
                .. _world is null ? [] : WorldLines.Of(_world.Read(), _parts.Instructions.Current?.Text),
            ],
            Rates =
            [
                .. _cameras.Select(camera => (camera.Monitor.Label, camera.Rate.Hz)),
                ("policy", _policy.Hz),
                ("published", _control.Hz),
            ],
            Flow = Flow(control),
            Latencies = _parts.Control.Latencies.Read(_time.NowNs()),
            Counts =
            [
                ("refused", control.Refused.Sum()),
                ("skipped ticks", control.SkippedTicks),
                ("restarts", monitors.Stages.Sum(stage => stage.Restarts)),
            ],
            NotStopped = NotStopped(control),
            Notes = [.. Notes(control)],
        };
    }

    /// <summary>One line for each robot that has not taken the stop which is published.</summary>
    public static IReadOnlyList<string> NotStopped(ControlSnapshot control) =>
        [.. control.NotStopped.Select(output => $"not stopped: {output.Name}: {output.WhyNotTaken}")];

    /// <summary>What the policy makes of the pictures, in words; empty while it gives nothing.</summary>
    public string Flow(ControlSnapshot control) =>
        FlowWords.Of(_cameras.Min(camera => camera.Rate.Hz), _policy.Hz, _parts.Policy.Action.Horizon, control.Chunks);

    /// <summary>One line each, for what is wrong or unusual.</summary>
    public IEnumerable<string> Notes(ControlSnapshot control)
    {
        if (_parts.Policy.Untrained is { } why)
            yield return $"the policy is untrained, its actions mean nothing: {why}";
        foreach (var words in _parts.Monitors.Cameras.SelectMany(Notes))
            yield return words;
        foreach (var stage in _parts.Monitors.Stages.Where(stage => stage.State == StageState.BackingOff))
            yield return $"{stage.Name} failed: {stage.LastError}";
        foreach (var stage in _parts.Monitors.Stages)
            if (stage.Hang is { } hang)
                yield return $"{stage.Name} hangs: {hang}";
        foreach (var output in control.Outputs.Where(output => output.Failing))
            yield return $"output {output.Name} fails: {output.LastError}";
        foreach (var output in control.Outputs.Where(output => output.Note.Length > 0))
            yield return $"output {output.Name}: {output.Note}";
        foreach (var observer in _parts.Control.Observers.Snapshot().Where(observer => observer.Failures > 0))
            yield return $"the observer {observer.Name} fails: {observer.LastError}";
        if (_state?.Problem(_time.NowNs()) is { } unknown)
            yield return unknown;
        if (control.Last?.Unknown > 0)
            yield return "nothing is sent to the robot: it is not known where it is";
        if (_parts.Policy.State.Dimensions > 0 && _parts.RobotState is null)
            yield return "the policy wants to know the robot's state and gets the average: no output tells it";
        if (control.TooSlow.Length > 0)
            yield return control.TooSlow;
        if (_recording?.Read() is { } recorded)
        {
            if (recorded.Error is not null)
                yield return $"recording fails: {recorded.Error}";
            if (recorded.Dropped > 0)
                yield return $"recording: {recorded.Dropped} frames dropped";
            if (recorded.Missed > 0)
                yield return $"recording: {recorded.Missed} pictures and actions were not looked at in time";
            if (recorded.TooShort > 0)
                yield return $"recording: {recorded.TooShort} episodes too short to be kept";
        }

        if (_parts.Policy.PrecisionOn(_parts.Device).Note is { Length: > 0 } note)
            yield return $"computing in float32: {note}";
        if (StandardStreams.ErrorIsClosed)
            yield return "nobody reads the log: standard error was closed";
        if (_parts.Instructions.Current is { UnknownWords.Count: > 0 } said)
            yield return InstructionCheck.Unknown(said.UnknownWords);
        if (!control.LimitsEnabled)
            yield return "limits are off";
        if (control.NeedsResume)
            yield return "stopped until somebody resumes: /resume at the prompt, Resume on the page, or POST /resume";
    }

    private static IEnumerable<string> Notes(CameraMonitor camera)
    {
        if (camera.State is CameraState.Lost or CameraState.Ended)
            yield return $"{camera.Label} {StatusJson.Name(camera.State)}: {camera.LastError}";
        if (camera.State is CameraState.Silent)
            yield return $"{camera.Label} silent: no picture comes";
        if (camera.State is CameraState.Frozen)
            yield return $"{camera.Label} frozen: the same picture comes again and again";
        if (camera.State is CameraState.Behind)
            yield return $"{camera.Label} behind: its pictures are too old to be used with the others' (--max-skew)";
        if (camera.Damaged + camera.WrongSize is > 0 and var leftOut)
            yield return $"{camera.Label}: {leftOut} pictures left out, the last was {camera.Problem}";
    }

    private void Sample()
    {
        var control = _parts.Control.Snapshot();
        foreach (var (monitor, rate) in _cameras)
            rate.Sample(monitor.Frames);
        _policy.Sample(control.Offered);
        _control.Sample(control.Published);
        foreach (var (monitor, rate) in _stages)
            rate.Sample(monitor.Processed);
    }

    private static NamedCameraStatus Describe(CameraMonitor camera, double hz) =>
        new(
            StatusJson.Name(camera.State),
            camera.Description?.Name,
            camera.Description?.Width ?? 0,
            camera.Description?.Height ?? 0,
            camera.LastError,
            Round(hz),
            camera.Frames,
            camera.Replaced,
            camera.Damaged,
            camera.WrongSize,
            camera.Reopened
        );

    private static StageStatus Describe(StageMonitor stage, double hz) =>
        new(
            stage.Name,
            StatusJson.Name(stage.State),
            Round(hz),
            stage.Processed,
            stage.Restarts,
            stage.LastError,
            stage.Hang
        );

    private ActionStatus Describe(PublishedAction action) =>
        new(
            action.Sequence,
            action.Origin.FrameSequence,
            Age(action.AgeNs),
            Age(action.ArrivalAgeNs),
            Age(action.AgeLimitNs),
            ByDimension(action.Values)
        );

    private RobotStateStatus? RobotState(long nowNs)
    {
        if (_state is null)
            return null;
        var newest = _state.Newest;
        return new RobotStateStatus(
            newest is { } known
                ? _state.StateNames.Zip(known.Values).ToDictionary(pair => pair.First, pair => pair.Second)
                : null,
            newest is { } read ? Ms(nowNs - read.AtNs) : null,
            _state.Problem(nowNs)
        );
    }

    private static double? Age(long? ns) => ns is { } age ? Ms(age) : null;

    private static ChunkStatus Describe(ChunkCounts chunks) =>
        new(chunks.Begun, chunks.Actions, chunks.CarriedOut, chunks.CutShort, chunks.ActionsOfLast);

    private CountStatus Count(ControlSnapshot control) =>
        new()
        {
            Frames = _parts.Monitors.Cameras.Sum(camera => camera.Frames),
            FramesDropped = _parts.Monitors.Cameras.Sum(camera => camera.Replaced),
            FramesDamaged = _parts.Monitors.Cameras.Sum(camera => camera.Damaged),
            FramesOfWrongSize = _parts.Monitors.Cameras.Sum(camera => camera.WrongSize),
            CameraReopened = _parts.Monitors.Cameras.Sum(camera => camera.Reopened),
            Actions = control.Offered,
            ActionsReplaced = control.Replaced,
            Chunks = Describe(control.Chunks),
            Refused = Enum.GetValues<Refusal>().ToDictionary(StatusJson.Name, control.RefusedFor),
            Published = Enum.GetValues<ControlState>().ToDictionary(ControlStateWords.Word, control.PublishedFrom),
            Clamps = ByDimension(control.Clamps),
            SkippedTicks = control.SkippedTicks,
            ControlFaults = control.Faults,
            Restarts = _parts.Monitors.Stages.Sum(stage => stage.Restarts),
        };

    private Dictionary<string, T> ByDimension<T>(IReadOnlyList<T> values) =>
        _profile.Dimensions.Zip(values).ToDictionary(pair => pair.First.Name, pair => pair.Second);

    private static LatencyStatus Milliseconds(LatencyPercentiles ns) =>
        new(ns.Count, Ms(ns.P50Ns), Ms(ns.P99Ns), Ms(ns.P999Ns), Ms(ns.MaximumNs));

    private static double Ms(long ns) => Round(ns / (double)MonotonicTime.NsPerMs);

    private static double Round(double value) => Math.Round(value, 3);
}
