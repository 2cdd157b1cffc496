using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Runtime.Hosting;
using Vla.Runtime.Outputs;
using Vla.Runtime.Policies;
using Vla.Runtime.Recording;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using Vla.Runtime.Status;
using Vla.Runtime.Teleoperation;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Simulation;
using Vla.Sensors.Videos;

namespace Vla.Runtime.Commands;

/// <summary>What a run consists of, opened one after the other before anything of it runs.</summary>
internal sealed class RunParts : IAsyncDisposable
{
    private readonly StartWatch _start;
    private readonly TimeProvider _time;
    private ICamera?[] _opened = [];

    private RunParts(RunPlan plan, StartWatch start, TimeProvider time)
    {
        (Plan, _start, _time) = (plan, start, time);
        Instructions = new InstructionBoard(time);
    }

    /// <summary>What was asked for.</summary>
    public RunPlan Plan { get; }

    /// <summary>The instruction in force.</summary>
    public InstructionBoard Instructions { get; }

    /// <summary>The simulated world; null where it is neither seen nor moved.</summary>
    public SimulatedTabletop? Tabletop { get; private set; }

    /// <summary>Who decides; somebody's hand where nobody else does.</summary>
    public IPolicy Policy { get; private set; } = null!;

    /// <summary>What became of the words given with the settings.</summary>
    public CheckedInstruction Said { get; private set; } = null!;

    /// <summary>Who leads by hand; null for nobody.</summary>
    public ITeleoperator? Leads { get; private set; }

    /// <summary>What the leader's hand feeds; null where nobody leads and the policy may always act.</summary>
    public TeleopFeed? Feed { get; private set; }

    /// <summary>What the cameras said of themselves, in the plan's order.</summary>
    public IReadOnlyList<CameraDescription> Seen { get; private set; } = [];

    /// <summary>The terminal, where an output takes it for itself.</summary>
    public ConsoleScreen? Screen { get; private set; }

    /// <summary>What each camera and step does.</summary>
    public PipelineMonitors Monitors { get; private set; } = null!;

    /// <summary>The robot, and what else is told the actions.</summary>
    public RobotSide Side { get; private set; } = null!;

    /// <summary>The robot's limits.</summary>
    public RobotProfile Profile { get; private set; } = null!;

    /// <summary>Where the robot is; null for one that does not tell.</summary>
    public RobotStateReader? State => Side.Moved?.State;

    /// <summary>What is recorded; null for nothing.</summary>
    public LiveRecording? Recording { get; private set; }

    /// <summary>Says by ear how an episode goes; null where nobody is to hear it.</summary>
    public EpisodeSounds? Sounds { get; private set; }

    /// <summary>What is shown of the run, once that is known.</summary>
    public StatusSource? Status { get; set; }

    /// <summary>Opens everything.</summary>
    /// <returns>Null when it was told to end before there was anything to end.</returns>
    /// <exception cref="Exception">
    /// One of those that <see cref="ExitCodes"/> knows: camera, policy or robot cannot be used. Nothing is left open.
    /// </exception>
    public static async Task<RunParts?> OpenAsync(
        RunPlan plan,
        StartWatch start,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var parts = new RunParts(plan, start, time);
        var isWhole = false;
        try
        {
            parts.LoadPolicy();
            var robot = parts.MakeRobot();
            parts.MakeLeader(robot);
            parts.Said = FirstInstruction.Give(
                plan.Settings.Instruction,
                parts.Policy,
                parts.Tabletop,
                parts.Instructions
            );
            if (await parts.OpenCamerasAsync(cancellation))
            {
                parts.OpenOutputs(robot);
                parts.OpenRecording();
                parts.Connect(cancellation);
                isWhole = true;
            }

            return isWhole ? parts : null;
        }
        finally
        {
            if (!isWhole)
                await parts.DisposeAsync();
        }
    }

    /// <summary>Everything the controller is made of.</summary>
    public ControllerParts ForController() =>
        new()
        {
            Policy = Policy,
            Device = Plan.Device,
            Profile = Profile,
            Control = Plan.Control with
            {
                // A person is at it.
                ResumeAfterStop =
                    (Plan.LeadsAlone || Plan.HasSession) && Plan.Control.ResumeAfterStop == ResumeAfterStop.Auto
                        ? ResumeAfterStop.Automatic
                        : AutoChoice.Resume(Plan.Control.ResumeAfterStop, Side.Outputs),
            },
            Outputs = Side.Outputs,
            Cameras =
            [
                .. Plan.Cameras.Select(
                    (camera, i) =>
                        new CameraParts(
                            camera.Name,
                            () => Interlocked.Exchange(ref _opened[i], null) ?? Open(camera.Source)
                        )
                ),
            ],
            MaximumSkewNs = Plan.Settings.Control.MaximumSkewMs * MonotonicTime.NsPerMs,
            Instructions = Instructions,
            Scene = Tabletop is null ? null : Tabletop.Episodes.Answer,
            State = State,
            PolicyTakesState = Side.PolicyTakesState,
            PolicyState = Side.PolicyState,
            Robot = Side.Moved,
            Threads = Plan.Settings.Threads.ForThisMachine(),
            Scheduling = StageScheduling.Of(Plan.Settings.Stages.Scheduling),
            Time = _time,
            Monitors = Monitors,
        };

    /// <summary>Starts what is not the controller's: the robot last.</summary>
    /// <param name="control">Moves the robot.</param>
    /// <param name="give">Gives an instruction.</param>
    public void Start(ControlLoop control, Action<string> give)
    {
        Tabletop?.Episodes.Start(control, give);
        Recording?.Start();
        Side.Start();
        if (Feed is null)
            return;
        Feed.PolicyActs = !Plan.HasSession;
        Leads?.Start(Feed);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var unused in _opened)
            unused?.Dispose();
        if (Sounds is not null)
            await Sounds.DisposeAsync();
        Recording?.Dispose();
        Side?.Dispose();
        Screen?.Dispose();
        Leads?.Dispose();
    }

    private void LoadPolicy()
    {
        _start.Begin("loading the policy", boundsItself: true);
        Policy = Plan.Decider is { } decider
            ? BoundedWork.Run(
                "loading the policy",
                Plan.MayLoad < _start.Left ? Plan.MayLoad : _start.Left,
                () => decider.Load(new PolicyContext(() => Tabletop!, _time) { Choices = Plan.Choices })
            )
            : new TeleopPolicy($"{Plan.Lead}");
        MovingOutputs.Check(
            Plan.Settings,
            Plan.Robot.MovesRobots ? Plan.RobotText : null,
            Plan.Outputs,
            Plan.Source,
            Policy
        );
        PictureFit.Require(Policy, Plan.Cameras);
    }

    private RobotMade MakeRobot()
    {
        _start.Begin($"making the robot '{Plan.RobotText}'", boundsItself: true);
        var stepMs = Plan.Settings.PolicyStepMs;
        // Before the robot is made: the simulated world looks whether the policy fits.
        if (Plan.IsAtTable)
            Policy = Policy.Driving(RobotNames.OfTabletop(stepMs));
        var made = Plan.Robot.Make(new RobotContext(AtTable, _time, line => LastWord.TryWrite($"vla: {line}")));
        if (!Plan.IsAtTable)
            Policy = Policy.Driving(RobotNames.Of(made, stepMs));
        Profile = made.Profile;
        Profile.RequireFits(Policy.Action);
        if (Plan.Source is WorldCameraSource)
            AtTable();
        else if (Plan.Decider is { NeedsWorld: true })
            throw new UsageException(
                $"policy '{Plan.Decider}' knows the simulated world only: give --camera world too"
            );
        else if (Plan.Lead is { NeedsWorld: true })
            throw new UsageException($"'{Plan.Lead}' knows the simulated world only: give --camera world too");
        return made;
    }

    private void MakeLeader(RobotMade robot)
    {
        Leads = Plan.Lead?.Make(
            new TeleopContext(
                robot,
                Tabletop,
                () => Side?.Moved?.State?.Newest?.Values,
                _time,
                Plan.Settings.Control.RateHz
            )
        );
        // A policy whose episodes are recorded acts within them alone.
        Feed =
            Leads is null && !Plan.HasSession
                ? null
                : new TeleopFeed(Profile, isCorrection: !Plan.LeadsAlone) { WaitsForEpisodes = Plan.HasSession };
        if (Policy is TeleopPolicy teleop)
            teleop.Feed = Feed;
        else if (Feed is not null)
            Policy = new CorrectedPolicy(Policy, Feed);
    }

    /// <summary>
    /// Before anything else starts: a missing camera is an error now, not a status later.
    /// </summary>
    /// <returns>False when it was told to end meanwhile.</returns>
    private async Task<bool> OpenCamerasAsync(CancellationToken cancellation)
    {
        _start.Begin(Plan.Cameras.Count == 1 ? "opening the camera" : "opening the cameras", boundsItself: true);
        var opened = await CameraOpening.OpenAllAsync(
            Plan.Cameras.Select(camera => (camera.Source.Name, (Func<ICamera>)(() => Open(camera.Source)))),
            Plan.MayLast,
            _time,
            cancellation
        );
        if (opened is null)
            return false;
        _opened = opened;
        Seen = [.. opened.Select(camera => camera!.Description)];
        return true;
    }

    private void OpenOutputs(RobotMade robot)
    {
        _start.Begin($"opening the outputs ({string.Join(", ", Plan.Settings.Outputs)})");
        Screen = Plan.Outputs.Any(output => output.TakesScreen) ? ConsoleScreen.ForTerminal() : null;
        Monitors = new PipelineMonitors(_time, Policy.Steps, [.. Plan.Cameras.Select(camera => camera.Name)]);
        var takesKeys = Leads is not null || Plan.HasSession;
        var where = DaemonHost.Where(Plan.Settings.Http, takesKeys ? "?: what to press" : "/help: what to type");
        Side = RobotSide.Assemble(
            robot,
            Plan.Outputs,
            new OutputContext(
                Profile,
                () => (Status?.ForConsole() ?? new ConsoleSnapshot()) with { Where = where },
                Screen,
                _time,
                Tabletop
            ),
            Plan.Source is WorldCameraSource,
            Policy.State,
            Plan.Settings.Control.RateHz
        );
    }

    private void OpenRecording()
    {
        _start.Begin("opening the recording");
        if (Plan.Settings.Record.Directory.Length == 0)
            return;
        Recording = LiveRecording.Open(
            Path.Combine(Plan.Folder, Plan.Settings.Record.Directory),
            Plan.Settings,
            Policy,
            Profile,
            [.. Monitors.Cameras.Zip(Seen, (monitor, camera) => new RecordedCamera(monitor, camera))],
            Instructions,
            Tabletop,
            Side.Sensed?.State
        );
        if (Recording.IsSession)
        {
            Sounds = EpisodeSounds.Of(
                Plan.Settings.Record.Sounds,
                Console.IsErrorRedirected ? null : Console.Error,
                _time,
                FfmpegProgram.OnPath
            );
        }
    }

    /// <summary>The leader first: a robot has torque only when there is somebody who leads it.</summary>
    private void Connect(CancellationToken cancellation)
    {
        _start.Begin($"connecting '{Plan.Lead}'", boundsItself: true);
        Leads?.Connect();
        _start.Begin($"connecting the robot '{Plan.RobotText}'", boundsItself: true);
        Side.Connect(cancellation);
    }

    private ICamera Open(CameraSource camera) => Tabletop is null ? camera.Open(_time) : Tabletop.OpenCamera(camera);

    private SimulatedTabletop AtTable() =>
        Tabletop ??= new SimulatedTabletop(Plan.Settings.World, Policy, Instructions, _time);
}
