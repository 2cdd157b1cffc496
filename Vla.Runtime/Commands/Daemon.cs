using System.Globalization;
using System.Net;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Actors.Stages;
using Vla.Actors.Torch;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Runtime.Hosting;
using Vla.Runtime.Http;
using Vla.Runtime.Libraries;
using Vla.Runtime.Outputs;
using Vla.Runtime.Policies;
using Vla.Runtime.Processes;
using Vla.Runtime.Recording;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;
using Vla.Runtime.Simulation;
using Vla.Runtime.Status;
using Vla.Runtime.Telemetry;
using Vla.Runtime.Teleoperation;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Sensors.Simulation;
using Vla.Sensors.Videos;

namespace Vla.Runtime.Commands;

/// <summary>The robot controller as one process: opens what it needs, hosts the pipeline, ends with a stop.</summary>
internal static partial class Daemon
{
    /// <summary>
    /// Runs until the set duration has passed, <paramref name="cancellation"/>, or something that it cannot go on
    /// after.
    /// </summary>
    /// <param name="settings">Checked already, one by one.</param>
    /// <param name="configFolder">Where relative paths of policy and robot count from.</param>
    /// <param name="cancellation">Ends the run in good order.</param>
    /// <param name="endProcess">Ends the process with an exit code, for what cannot be ended otherwise; null where
    /// there are others in it.</param>
    /// <exception cref="RunEndedException">The run had to end.</exception>
    /// <exception cref="Exception">
    /// One of those that <see cref="ExitCodes"/> knows: camera, policy, robot or address cannot be used. Nothing has
    /// been published then.
    /// </exception>
    public static async Task RunAsync(
        VlaSettings settings,
        string configFolder,
        CancellationToken cancellation,
        Action<int>? endProcess = null
    )
    {
        // Until there is something to end in good order: loading a policy can take minutes, and does not look at this.
        var starting = endProcess is null
            ? default
            : cancellation.Register(() =>
            {
                SayNothingRecorded(settings);
                endProcess(ExitCodes.Success);
            });
        var time = TimeProvider.System;
        var mayLoad = TimeSpan.FromSeconds(settings.Stages.LoadSeconds);
        var mayLast = TimeSpan.FromSeconds(settings.DurationSeconds);
        using var start = new StartWatch(
            mayLoad,
            mayLast,
            time,
            line => LastWord.TryWrite($"vla: {line}"),
            hang =>
            {
                LastWord.TryWrite($"vla: {hang}");
                endProcess?.Invoke(ExitCodes.Hang);
            }
        );
        start.Begin("reading the token of the HTTP API", boundsItself: true);
        var builder = DaemonHost.Builder(settings, configFolder);
        SimulatedTabletop? tabletop = null;
        var cameras = NamedCamera.ReadAll(settings.Camera);
        var source = NamedCamera.Deciding(cameras);
        var robotText = AutoChoice.Robot(settings, source);
        var robot = RobotRegistry.Parse(robotText, configFolder);
        OutputSpec[] outputs = [.. settings.Outputs.Select(OutputRegistry.Parse)];
        start.Begin("loading the libraries", boundsItself: true);
        foreach (var library in settings.Libraries)
            PolicyLibrary.Register(Path.GetFullPath(library, configFolder));
        start.Begin("loading the policy", boundsItself: true);
        var lead = settings.Teleop.Length == 0 ? null : TeleoperatorRegistry.Parse(settings.Teleop, configFolder);
        var leadsAlone = lead is not null && settings.Policy == AutoChoice.Auto;
        var decider = leadsAlone ? null : PolicyRegistry.Parse(AutoChoice.Policy(settings, source), configFolder);
        var policy = decider is null
            ? new TeleopPolicy($"{lead}")
            : BoundedWork.Run(
                "loading the policy",
                mayLoad < start.Left ? mayLoad : start.Left,
                () =>
                    decider.Load(
                        new PolicyContext(() => tabletop!, time)
                        {
                            Choices = VlaSettings.Choices(
                                settings.PolicySeed,
                                settings.RealTimeChunking,
                                settings.UnnormKey
                            ),
                        }
                    )
            );
        MovingOutputs.Check(settings, robot.MovesRobots ? robotText : null, outputs, source, policy);
        var instructions = new InstructionBoard(time);
        var options = Options(settings.Control);
        var device = TorchDevice.Select(settings.Device);

        PictureFit.Require(policy, cameras);

        // The cameras are opened before anything else starts: a missing one is an error now, not a status later.
        start.Begin($"making the robot '{robotText}'", boundsItself: true);
        var isAtTable = source is WorldCameraSource || robot is RobotSpec.World;
        // Before the robot is made: the simulated world looks whether the policy fits.
        if (isAtTable)
            policy = policy.Driving(RobotNames.OfTabletop(settings.PolicyStepMs));
        var made = robot.Make(new RobotContext(Tabletop, time, line => LastWord.TryWrite($"vla: {line}")));
        var profile = made.Profile;
        if (!isAtTable)
            policy = policy.Driving(RobotNames.Of(made, settings.PolicyStepMs));
        profile.RequireFits(policy.Action);
        if (source is WorldCameraSource)
            Tabletop();
        else if (decider is { NeedsWorld: true })
            throw new UsageException($"policy '{decider}' knows the simulated world only: give --camera world too");
        else if (lead is { NeedsWorld: true })
            throw new UsageException($"'{lead}' knows the simulated world only: give --camera world too");
        RobotStateReader? state = null;
        using var leads = lead?.Make(
            new TeleopContext(made, tabletop, () => state?.Newest?.Values, time, settings.Control.RateHz)
        );
        var hasSession = settings.Record is { Directory.Length: > 0, Episodes: > 0 };
        // A policy whose episodes are recorded acts within them alone.
        var feed =
            leads is null && !hasSession
                ? null
                : new TeleopFeed(profile, isCorrection: !leadsAlone) { WaitsForEpisodes = hasSession };
        if (policy is TeleopPolicy teleop)
            teleop.Feed = feed;
        else if (feed is not null)
            policy = new CorrectedPolicy(policy, feed);
        var said = GiveFirst(settings.Instruction, policy, tabletop, instructions);
        start.Begin(cameras.Count == 1 ? "opening the camera" : "opening the cameras", boundsItself: true);
        var opened = await CameraOpening.OpenAllAsync(
            cameras.Select(camera => (camera.Source.Name, (Func<ICamera>)(() => Open(camera.Source)))),
            mayLast,
            time,
            cancellation
        );
        if (opened is null)
        {
            // Told to end while a camera still opened.
            SayNothingRecorded(settings);
            return;
        }

        CameraDescription[] seen = [.. opened.Select(camera => camera!.Description)];
        using var screen = outputs.Any(output => output.TakesScreen) ? ConsoleScreen.ForTerminal() : null;
        StatusSource? status = null;
        var takesKeys = leads is not null || hasSession;
        var where = Where(settings.Http, takesKeys ? "?: what to press" : "/help: what to type");
        var monitors = new PipelineMonitors(time, policy.Steps, [.. cameras.Select(camera => camera.Name)]);
        start.Begin($"opening the outputs ({string.Join(", ", settings.Outputs)})");
        using var side = RobotSide.Assemble(
            made,
            outputs,
            new OutputContext(
                profile,
                () => (status?.ForConsole() ?? new ConsoleSnapshot()) with { Where = where },
                screen,
                time,
                tabletop
            ),
            source is WorldCameraSource,
            policy.State,
            settings.Control.RateHz
        );
        state = side.Moved?.State;
        start.Begin("opening the recording");
        using var recording =
            settings.Record.Directory.Length == 0
                ? null
                : LiveRecording.Open(
                    Path.Combine(configFolder, settings.Record.Directory),
                    settings,
                    policy,
                    profile,
                    [.. monitors.Cameras.Zip(seen, (monitor, camera) => new RecordedCamera(monitor, camera))],
                    instructions,
                    tabletop,
                    side.Sensed?.State
                );
        await using var sounds = recording is { IsSession: true }
            ? EpisodeSounds.Of(
                settings.Record.Sounds,
                Console.IsErrorRedirected ? null : Console.Error,
                time,
                FfmpegProgram.OnPath
            )
            : null;
        // The leader first: a robot has torque only when there is somebody who leads it.
        start.Begin($"connecting '{lead}'", boundsItself: true);
        leads?.Connect();
        start.Begin($"connecting the robot '{robotText}'", boundsItself: true);
        side.Connect(cancellation);

        start.Begin("starting");
        options = options with
        {
            // A person is at it.
            ResumeAfterStop =
                (leadsAlone || hasSession) && options.ResumeAfterStop == ResumeAfterStop.Auto
                    ? ResumeAfterStop.Automatic
                    : AutoChoice.Resume(options.ResumeAfterStop, side.Outputs),
        };
        using var controller = new Controller(
            new ControllerParts
            {
                Policy = policy,
                Device = device,
                Profile = profile,
                Control = options,
                Outputs = side.Outputs,
                Cameras =
                [
                    .. cameras.Select(
                        (camera, i) =>
                            new CameraParts(
                                camera.Name,
                                () => Interlocked.Exchange(ref opened[i], null) ?? Open(camera.Source)
                            )
                    ),
                ],
                MaximumSkewNs = settings.Control.MaximumSkewMs * MonotonicTime.NsPerMs,
                Instructions = instructions,
                Scene = tabletop is null ? null : tabletop.Episodes.Answer,
                State = state,
                PolicyTakesState = side.PolicyTakesState,
                PolicyState = side.PolicyState,
                Robot = side.Moved,
                Threads = settings.Threads.ForThisMachine(),
                Scheduling = StageScheduling.Of(settings.Stages.Scheduling),
                Time = time,
                Monitors = monitors,
            }
        );
        var control = controller.Control;
        recording?.Watch(controller.Observers);
        if (said.IsStop)
            control.Stop($"{InstructionCheck.StopReason}: the first instruction is '{settings.Instruction}'");
        control.IdleReason =
            leadsAlone ? $"{lead} tells nothing yet"
            : instructions.Current is null && policy.TakesWords ? "no instruction yet"
            : "no action yet";
        if (!leadsAlone)
            instructions.Changed += _ => control.IdleReason = "no action yet";
        using var ending = new Ending(
            control,
            bound =>
            {
                var isSaved = recording?.WaitSaved(bound) ?? true;
                foreach (var name in side.WaitAtRest(RobotSide.LongestRest))
                    LastWord.TryWrite($"vla: robot {name} is not at rest yet: mind it");
                return isSaved;
            },
            endProcess
        );
        ending.LeaveScreen = () => screen?.Dispose();
        control.Lost = reason => ending.Begin(reason, ExitCodes.Failure);
        await starting.DisposeAsync();
        using var told = cancellation.Register(() =>
            ending.Begin(
                $"told to end{(TerminationSignals.Received is { } signal ? $" ({signal})" : "")}",
                TerminationSignals.IsFailure ? ExitCodes.Failure : ExitCodes.Success
            )
        );

        // Whoever watched is gone: as with a closed terminal.
        var usesOutput = screen is null && outputs.Any(output => output.UsesStandardOutput);
        using var streams = endProcess is null
            ? null
            : new StandardStreams(
                usesOutput
                    ? () => ending.Begin("standard output was closed by whoever read it", ExitCodes.Success)
                    : null
            );

        var services = builder.Services;
        services.AddSingleton<IHostLifetime, HostLifetime>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        Logs.Configure(builder.Logging, settings.Log, screen);
        controller.AddTo(services);
        if (tabletop is not null)
            services.AddSingleton(tabletop.Episodes);
        services.AddSingleton(provider =>
            status = new StatusSource(
                provider.GetRequiredService<PipelineParts>(),
                profile,
                options,
                tabletop?.Episodes,
                recording,
                state
            )
        );
        services.AddHostedService(provider => provider.GetRequiredService<StatusSource>());
        if (settings.Telemetry.Enabled)
            TelemetrySetup.Add(builder, settings.Telemetry, profile);
        services.AddSingleton(provider => new OperatorInput(
            control,
            provider.GetRequiredService<IRequiredActor<InstructionActor>>(),
            tabletop?.Episodes,
            () => ending.Begin("told to end (/quit)", ExitCodes.Success)
        ));
        var desk = new OperatorDesk(
            control,
            recording,
            leads,
            feed,
            () => ending.Begin("told to end (q)", ExitCodes.Success)
        );
        services.AddSingleton(desk);
        if (policy is NoPolicy && recording is null)
        {
            services.AddHostedService(provider => new CameraLines(
                provider.GetRequiredService<StatusSource>(),
                time,
                line => Console.WriteLine(line)
            ));
        }

        if (leads is not null)
        {
            services.AddHostedService(provider => new LeaderWatch(
                leads,
                leadsAlone ? monitors.Last : null,
                time,
                provider.GetRequiredService<ILogger<LeaderWatch>>()
            ));
        }

        if (feed is not null)
            (feed.Last, feed.Asked) = (() => control.Last, desk.Ask);
        if (recording is not null)
        {
            TellOfEpisodes(recording.Events, ending, side, hasSession ? feed : null, leads, tabletop);
            if (sounds is not null)
                recording.Events.Heard = sounds.Say;
        }

        services.AddHostedService(provider => new InstructionConsole(
            provider.GetRequiredService<OperatorInput>(),
            desk,
            screen,
            provider.GetRequiredService<ILogger<InstructionConsole>>()
        ));
        if (policy.Untrained is { } why)
        {
            services.AddHostedService(provider => new UntrainedReminder(
                policy.Directory,
                why,
                time,
                provider.GetRequiredService<ILogger<UntrainedReminder>>()
            ));
        }

        var systemd = new SystemdReports(new SystemdNotifier(), () => control.Snapshot().Published, time);
        services.AddHostedService(_ => systemd);
        using var duration = new RunDuration(
            mayLast,
            time,
            () => ending.Begin("the set duration has passed", ExitCodes.Success)
        );

        using var host = DaemonHost.Build(builder);
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger<Ending>();
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        // Whoever ends the host without having said why is none of those that may: an actor system that was ended from
        // inside.
        lifetime.ApplicationStopping.Register(() =>
            ending.Begin("the actor system or the host was ended from inside", ExitCodes.Failure)
        );
        if (recording is not null)
            recording.Logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger<LiveRecording>();
        ending.Say = line => Log.EndingWarning(logger, line);
        LastWord.Say = line => Log.Unobserved(logger, line);
        ending.StopHost = () =>
        {
            systemd.Stopping();
            Log.Ending(logger, ending.Reason!);
            lifetime.StopApplication();
        };
        if (ending.HasBegun)
            return;
        SayRemarks(logger, policy, instructions, [.. seen.Zip(cameras)]);
        using var hangs = controller.WatchHangs(
            Limits(settings),
            host.Services.GetRequiredService<ILoggerFactory>().CreateLogger<HangWatch>(),
            hang => ending.Begin(hang, ExitCodes.Hang, hostEnds: false)
        );
        using var loop = new SilenceWatch(
            () => control.Snapshot().Published,
            silence => ending.Begin(silence, ExitCodes.Hang, hostEnds: false)
        );
        using var pool = new ThreadPoolWatch();
        pool.Logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger<ThreadPoolWatch>();
        hangs.Start();
        if (endProcess is not null)
            pool.Start();
        try
        {
            await DaemonHost.StartAsync(host, settings.Http);
            // Stages are watched one by one.
            start.Begin("waiting for the first picture and for the policy's stages", boundsItself: true);
            await StartUp.WaitAsync(monitors, time, lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException) when (ending.HasBegun)
        {
            // Told to end while still starting.
        }
        catch (Exception exception)
        {
            ending.Abandon(exception.Message, ExitCodes.For(exception) ?? ExitCodes.Failure);
            throw;
        }

        start.Dispose();
        if (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            tabletop?.Episodes.Start(
                control,
                text =>
                    host.Services.GetRequiredService<IRequiredActor<InstructionActor>>()
                        .ActorRef.Tell(new GiveInstruction(text), ActorRefs.NoSender)
            );
            recording?.Start();
            side.Start();
            if (feed is not null)
            {
                feed.PolicyActs = !hasSession;
                leads?.Start(feed);
            }

            // Last: the first action says that everything else is there.
            control.Start();
            loop.Start();
            duration.Start();
        }

        await DaemonHost.WaitForEndAsync(host);
        // While whatever it says is still written.
        ending.Save();
        foreach (var unused in opened)
            unused?.Dispose();
        if (ending.ExitCode != ExitCodes.Success)
            throw new RunEndedException(ending.Reason!, ending.ExitCode);

        ICamera Open(CameraSource camera) => tabletop is null ? camera.Open(time) : tabletop.OpenCamera(camera);

        SimulatedTabletop Tabletop() => tabletop ??= new SimulatedTabletop(settings.World, policy, instructions, time);
    }

    private static void SayNothingRecorded(VlaSettings settings)
    {
        if (settings.Record.Directory is { Length: > 0 } directory)
            LastWord.TryWrite($"vla: nothing was recorded to {directory}: the run ended before it had begun");
    }

    /// <summary>Has everybody told who takes part in a recording of episodes.</summary>
    /// <param name="events">What they are told by.</param>
    /// <param name="ending">Ends the run when there is no more to come.</param>
    /// <param name="side">Says when the robot is not ready.</param>
    /// <param name="feed">Lets the policy act, within episodes; null where it may always.</param>
    /// <param name="leads">Who leads; null for nobody.</param>
    /// <param name="tabletop">Lays another table for each; null without one.</param>
    private static void TellOfEpisodes(
        SessionEvents events,
        Ending ending,
        RobotSide side,
        TeleopFeed? feed,
        ITeleoperator? leads,
        SimulatedTabletop? tabletop
    )
    {
        // On threads of their own: whoever tells it here must not be held up.
        events.Ended = why => Task.Run(() => ending.Begin(why, ExitCodes.Success));
        events.NotReady = () =>
            side.Moved is { IsSettingOut: true } ? "the robot goes slowly to where it is first told to be" : null;
        if (feed is not null)
        {
            events.PolicyMayAct = () => feed.PolicyActs = true;
            events.EpisodeEnded = () => feed.PolicyActs = false;
        }

        events.EpisodeBegan = () => leads?.EpisodeBegan();
        events.ResetBegan = () =>
        {
            leads?.ResetBegan();
            if (tabletop is not null)
                Task.Run(() => tabletop.Episodes.Begin());
        };
    }

    /// <summary>Says what there is to know of the policy, and of what it gets to see.</summary>
    private static void SayRemarks(
        ILogger logger,
        IPolicy policy,
        InstructionBoard instructions,
        (CameraDescription Opened, NamedCamera Named)[] cameras
    )
    {
        foreach (var remark in policy.Remarks)
            Log.Remark(logger, remark);
        if (instructions.Current is not null && !policy.TakesWords)
            Log.EndingWarning(logger, InstructionCheck.NoWords);
        foreach (var (opened, named) in cameras)
        {
            var difference = AspectCheck.Difference(
                policy.ImageOf(named.Name),
                cameras.Length > 1 ? named.Name : opened.Name,
                opened.Width,
                opened.Height
            );
            if (difference is not null)
                Log.Aspect(logger, difference);
        }
    }

    /// <summary>
    /// Words given with the settings are checked as all others are; a stop among them means that the robot starts
    /// stopped.
    /// </summary>
    private static CheckedInstruction GiveFirst(
        string text,
        IPolicy policy,
        SimulatedTabletop? tabletop,
        InstructionBoard board
    )
    {
        if (text.Length == 0)
            return new CheckedInstruction();
        var check = new InstructionCheck
        {
            Words = policy.ReadWords,
            TakesWords = policy.TakesWords,
            Scene = tabletop is null ? null : tabletop.Episodes.Answer,
        };
        var first = check.Read(text);
        if (first.Problem.Length > 0)
            throw new UsageException(first.Problem);
        if (!first.IsStop)
            board.Give(first.Text, first.UnknownWords);
        return first;
    }

    private static HangLimits Limits(VlaSettings settings) =>
        new()
        {
            // What takes longer than an action may be old is of no use to anybody.
            GiveUp = TimeSpan.FromSeconds(
                Math.Max(settings.Stages.HangSeconds, settings.Control.MaximumActionAgeMs / 1_000.0)
            ),
            Load = TimeSpan.FromSeconds(settings.Stages.LoadSeconds),
        };

    /// <summary>Where the page is, and what to type or press.</summary>
    private static string Where(string http, string help)
    {
        var page =
            HttpAddress.Parse(http) is not { } address ? "no page (--http off)"
            : IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip)
            && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))
                ? $"page: http://{Environment.MachineName}:{address.Port}/"
            : $"page: {address}";
        return $"{page}   {help}   Ctrl-C: end";
    }

    private static ControlOptions Options(ControlSettings settings)
    {
        var options = new ControlOptions
        {
            RateHz = settings.RateHz,
            MaximumActionAgeMs = settings.MaximumActionAgeMs,
            MaximumChunkAgeMs = settings.MaximumChunkAgeMs,
            HoldMs = settings.HoldMs,
            ResumeAfterStop = settings.ResumeAfterStop,
            AtLimitsMs = settings.AtLimitsMs,
            DeadmanMs = settings.DeadmanMs,
            RealTime = settings.RealTime,
        };
        if (options.DeadmanMs == 0 || options.DeadmanMs >= options.LeastDeadmanMs)
            return options;
        throw new UsageException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"setting 'control:deadmanMs' is {options.DeadmanMs}: a robot would stop between two messages at "
                    + $"'control:rateHz' {options.RateHz}; use {options.LeastDeadmanMs} or more, or 0 for five "
                    + $"control periods"
            )
        );
    }

    private static partial class Log
    {
        [LoggerMessage(85, LogLevel.Information, "the run ends: {Reason}")]
        public static partial void Ending(ILogger logger, string reason);

        [LoggerMessage(86, LogLevel.Warning, "{Line}")]
        public static partial void EndingWarning(ILogger logger, string line);

        [LoggerMessage(88, LogLevel.Warning, "{Line}")]
        public static partial void Aspect(ILogger logger, string line);

        [LoggerMessage(89, LogLevel.Information, "policy: {Line}")]
        public static partial void Remark(ILogger logger, string line);

        [LoggerMessage(87, LogLevel.Error, "{Line}")]
        public static partial void Unobserved(ILogger logger, string line);
    }
}
