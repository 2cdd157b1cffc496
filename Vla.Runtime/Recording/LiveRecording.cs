using Vla.Actors.Instructions;
using Vla.Actors.Observers;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using Vla.Sensors;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Recording;

/// <summary>Records a live run as a dataset: <c>vla run --record DIR</c>.</summary>
internal sealed partial class LiveRecording : IDisposable
{
    private readonly RecordingTarget _target;
    private readonly EpisodeSaver _saver;
    private readonly LiveRecorder _recorder;
    private readonly IReadOnlyList<RecordedCamera> _cameras;
    private readonly long _oldestNs;
    private readonly RecordingSession? _session;
    private readonly Lock _ending = new();
    private IObserverSubscription? _subscription;
    private bool _isComplete;

    private LiveRecording(
        RecordingTarget target,
        EpisodeSaver saver,
        LiveRecorder recorder,
        IReadOnlyList<RecordedCamera> cameras,
        long oldestNs,
        RecordingSession? session
    )
    {
        (_target, _saver, _recorder, _cameras, _oldestNs) = (target, saver, recorder, cameras, oldestNs);
        _session = session;
        Events = session?.Events ?? new SessionEvents();
    }

    /// <summary>Where it is said what was recorded, and at the end that nothing was and why.</summary>
    public ILogger Logger
    {
        get => _saver.Logger;
        set => _saver.Logger = value;
    }

    /// <summary>How it stands.</summary>
    public RecordingReport Read() =>
        _saver.Read() with
        {
            Missed = _subscription?.Snapshot().Missed ?? 0,
            Session = _session?.Read(),
        };

    /// <summary>Whether episodes are recorded one after the other, as somebody asks.</summary>
    public bool IsSession => _session is not null;

    /// <summary>Asks for something; nothing where a run is recorded as it goes.</summary>
    public void Ask(EpisodeCommand command) => _session?.Ask(command);

    /// <summary>
    /// Whoever takes part in a recording of episodes; never told anything where a run is recorded as it goes.
    /// </summary>
    public SessionEvents Events { get; }

    /// <summary>Begins a dataset, or goes on with one.</summary>
    /// <param name="directory">The dataset.</param>
    /// <param name="settings">Rates.</param>
    /// <param name="policy">How far apart its actions are.</param>
    /// <param name="profile">Names of the actions.</param>
    /// <param name="cameras">Opened already: their sizes are the recording's.</param>
    /// <param name="instructions">What is asked for.</param>
    /// <param name="tabletop">The simulated world; null without one.</param>
    /// <param name="robotState">What the robot tells of itself; null when it tells nothing.</param>
    /// <exception cref="DatasetException">The dataset cannot be written to, or does not fit.</exception>
    public static LiveRecording Open(
        string directory,
        VlaSettings settings,
        IPolicy policy,
        RobotProfile profile,
        IReadOnlyList<RecordedCamera> cameras,
        InstructionBoard instructions,
        SimulatedTabletop? tabletop,
        RobotStateReader? robotState = null
    )
    {
        var rateHz = settings.Control.RateHz;
        var fps = RecordingTarget.RateOf(settings.Record, policy.Action, rateHz);
        var plan = PlanOf(settings.Record, policy);
        var target = RecordingTarget.Of(
            directory,
            fps,
            [.. cameras.Select(camera => camera.Feature)],
            profile,
            robotState?.StateNames ?? [],
            plan is null ? RecordedMore.Nothing
                : plan.IsEvaluation ? RecordedMore.Policy
                : RecordedMore.Teleoperation
        );
        var saver = new EpisodeSaver(target);
        var session = plan is null ? null : SessionOf(plan, saver, target);
        IEpisodeCutter cutter = session is null ? new EpisodeCutter(fps, rateHz) : session;
        var recorder = new LiveRecorder(cutter, saver, cameras, Scene, robotState);
        // The first action of a chunk is due until the second is.
        var oldestMs = Math.Max(
            settings.Control.MaximumActionAgeMs,
            policy.Action.Horizon > 1 ? policy.Action.StepMs : 0
        );
        var recording = new LiveRecording(
            target,
            saver,
            recorder,
            cameras,
            (long)(oldestMs * MonotonicTime.NsPerMs),
            session
        );
        if (session is not null)
            session.Said = line => Log.Happened(recording.Logger, line);
        return recording;

        RecordingSession SessionOf(SessionPlan plan, EpisodeSaver saver, RecordingTarget target)
        {
            if (saver.EpisodesInAll >= plan.Episodes)
            {
                var has = saver.EpisodesInAll;
                saver.Abandon();
                throw new DatasetException(
                    $"'{target.Directory}' has {has} episodes already, and --episodes is {plan.Episodes}: they are "
                        + "counted in all; give more, or another directory"
                );
            }

            var made = new RecordingSession(plan, fps, rateHz, saver.EpisodesInAll);
            saver.Settled = made.Settle;
            return made;
        }

        LiveScene Scene()
        {
            if (tabletop is null)
                return new LiveScene(instructions.Current);
            var world = tabletop.Episodes.Read();
            return new LiveScene(
                instructions.Current,
                world.Episode,
                tabletop.World.EpisodeBeganNs,
                world.IsDecided,
                world.Judgement == Judgement.UnderWay,
                world.Judgement == Judgement.Succeeded ? "" : OutcomeOf(world)
            );
        }
    }

    private static SessionPlan? PlanOf(RecordSettings settings, IPolicy policy) =>
        settings.Episodes == 0
            ? null
            : new SessionPlan(settings.Episodes, settings.EpisodeSeconds, settings.ResetSeconds)
            {
                IsEvaluation = !policy.IsByHand,
            };

    private static string OutcomeOf(WorldReport world) =>
        world.Reason.Length > 0 ? world.Reason : "the task was not done in time";

    /// <summary>Begins to watch: before the first action, so that the picture that it comes from is known.</summary>
    public void Watch(ControllerObservers observers)
    {
        foreach (var camera in _cameras)
            camera.Keep(_oldestNs);
        _subscription = observers.Add(_recorder);
    }

    /// <summary>From now on what is published is recorded.</summary>
    public void Start()
    {
        _saver.Start();
        Log.Started(Logger, _target.Directory, _target.Fps);
        if (_session?.Read() is { } session)
            Log.Happened(Logger, session.Words);
        if (_saver.Note is { } note)
            Log.Noted(Logger, note);
    }

    /// <summary>Waits until everything that was published is saved, or for so long; nothing more is recorded.</summary>
    /// <returns>False when that was not enough.</returns>
    public bool WaitSaved(TimeSpan bound)
    {
        Complete();
        return _saver.WaitSaved(bound);
    }

    /// <summary>Waits until everything is saved.</summary>
    public void Dispose()
    {
        Complete();
        _saver.Dispose();
    }

    private void Complete()
    {
        lock (_ending)
        {
            if (_isComplete)
                return;
            _isComplete = true;
            // Shows it what still waits.
            _subscription?.Dispose();
            _saver.Missed = _subscription?.Snapshot().Missed ?? 0;
            _recorder.Complete();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(84, LogLevel.Information, "recording to {Directory}, {Fps} frames a second")]
        public static partial void Started(ILogger logger, string directory, int fps);

        [LoggerMessage(90, LogLevel.Information, "{What}")]
        public static partial void Happened(ILogger logger, string what);

        [LoggerMessage(85, LogLevel.Warning, "{Note}")]
        public static partial void Noted(ILogger logger, string note);
    }
}
