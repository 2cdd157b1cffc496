using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Recording;

/// <summary>Records a live run as a dataset: <c>vla run --record DIR</c>.</summary>
public sealed partial class LiveRecording : IDisposable
{
    private readonly RecordingTarget _target;
    private readonly EpisodeSaver _saver;

    private LiveRecording(RecordingTarget target, EpisodeSaver saver, IActionOutput robot) =>
        (_target, _saver, Robot) = (target, saver, robot);

    /// <summary>To be told what is published.</summary>
    public IActionOutput Robot { get; }

    /// <summary>How it stands.</summary>
    public RecordingReport Read() => _saver.Read();

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
        var target = RecordingTarget.Of(
            directory,
            fps,
            [.. cameras.Select(camera => camera.Feature)],
            profile,
            robotState?.StateNames ?? []
        );
        var saver = new EpisodeSaver(target);
        return new LiveRecording(
            target,
            saver,
            new LiveRecorder(
                new EpisodeCutter(fps, rateHz),
                saver,
                [.. cameras.Select(camera => (TakePicture)camera.TryTake)],
                Scene,
                robotState
            )
        );

        LiveScene Scene()
        {
            if (tabletop is null)
                return new LiveScene(instructions.Current);
            var world = tabletop.Episodes.Read();
            return new LiveScene(instructions.Current, world.Episode, tabletop.World.EpisodeBeganNs, world.IsDecided);
        }
    }

    /// <summary>From now on what is published is recorded.</summary>
    public void Start(ILogger logger)
    {
        _saver.Logger = logger;
        _saver.Start();
        Log.Started(logger, _target.Directory, _target.Fps);
        if (_saver.Note is { } note)
            Log.Noted(logger, note);
    }

    /// <summary>Waits until everything is saved, or for so long.</summary>
    /// <returns>False when that was not enough.</returns>
    public bool WaitSaved(TimeSpan bound) => _saver.WaitSaved(bound);

    /// <summary>Waits until everything is saved.</summary>
    public void Dispose() => _saver.Dispose();

    private static partial class Log
    {
        [LoggerMessage(84, LogLevel.Information, "recording to {Directory}, {Fps} frames a second")]
        public static partial void Started(ILogger logger, string directory, int fps);

        [LoggerMessage(85, LogLevel.Warning, "{Note}")]
        public static partial void Noted(ILogger logger, string note);
    }
}
