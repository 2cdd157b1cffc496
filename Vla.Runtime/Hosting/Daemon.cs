using System.Globalization;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Vla.Actors;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Publishing;
using Vla.Actors.Torch;
using Vla.Runtime.Http;
using Vla.Runtime.Pages;
using Vla.Runtime.Recording;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;
using Vla.Runtime.Status;
using Vla.Runtime.Telemetry;
using Vla.Runtime.World;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Hosting;

/// <summary>The robot controller as one process: opens what it needs, hosts the pipeline, ends with a stop.</summary>
public static class Daemon
{
    /// <summary>Runs until SIGTERM, SIGINT, the set duration or <paramref name="cancellation"/>.</summary>
    /// <param name="settings">Checked already, one by one.</param>
    /// <param name="configFolder">Where relative paths of policy and robot count from.</param>
    /// <param name="cancellation">Ends the run in good order.</param>
    /// <exception cref="Exception">
    /// One of those that <see cref="ExitCodes"/> knows: camera, policy, robot or address cannot be used. Nothing has been
    /// published then.
    /// </exception>
    public static async Task RunAsync(VlaSettings settings, string configFolder, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        var builder = Builder(settings, configFolder);
        SimulatedTabletop? tabletop = null;
        var source = CameraSource.Parse(settings.Camera);
        var policy = settings.Policy == ExpertPolicy.Name
            ? ExpertPolicy.Create(() => tabletop!)
            : Policy.Load(Path.Combine(configFolder, AutoChoice.Policy(settings, source)));
        var profile = RobotProfile.Load(Path.Combine(configFolder, AutoChoice.Robot(settings, source)));
        profile.RequireFits(policy.Action);
        var instructions = FirstInstruction(settings.Instruction, time);
        var options = Options(settings.Control);
        var device = TorchDevice.Select(settings.Device);

        // The first camera is opened before anything else starts: a missing one is an error now, not a status later.
        if (source is CameraSource.TabletopWorld camera) tabletop = new SimulatedTabletop(camera, settings.World, policy, instructions, time);
        else if (settings.Policy == ExpertPolicy.Name) throw new UsageException("policy 'expert' knows the simulated world only: give --camera world too");
        var open = tabletop is null ? () => source.Open(time) : (Func<ICamera>)tabletop.OpenCamera;
        var first = open();
        using var screen = settings.Outputs.Contains("console") ? ConsoleScreen.ForTerminal() : null;
        StatusSource? status = null;
        var monitors = new PipelineMonitors(time);
        using var recording = settings.Record.Directory.Length == 0 ? null : LiveRecording.Open(
            Path.Combine(configFolder, settings.Record.Directory), settings, policy, profile, first.Description, monitors.Camera, instructions, tabletop);
        var robots = RobotFactory.Create(settings.Outputs, profile, () => status?.ForConsole() ?? new ConsoleSnapshot(), screen, tabletop);
        if (recording is not null) robots = [.. robots, recording.Robot];

        using var control = new ControlLoop(profile, options, robots, new ControlClock(), policy.Action.Execution);
        control.IdleReason = instructions.Current is null ? "no instruction yet" : "no action yet";
        instructions.Changed += _ => control.IdleReason = "no action yet";
        using var lastWord = new LastWord(control);

        var services = builder.Services;
        services.AddSystemd();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        Logs.Configure(builder.Logging, settings.Log.Level, screen);
        services.AddSingleton(control);
        services.AddSingleton(profile);
        services.AddSingleton(time);
        if (tabletop is not null) services.AddSingleton(tabletop.Episodes);
        services.AddSingleton(provider => new PipelineParts
        {
            Policy = policy,
            Device = device,
            OpenCamera = () => Interlocked.Exchange(ref first, null) ?? open(),
            Frames = new FramePool(policy.Image),
            RobotState = tabletop?.State,
            Instructions = instructions,
            Control = control,
            Monitors = monitors,
            Threads = settings.Threads.ForThisMachine(),
            Time = time,
            Loggers = provider.GetRequiredService<ILoggerFactory>(),
        });
        services.AddSingleton(provider => status = new StatusSource(provider.GetRequiredService<PipelineParts>(), profile, options, tabletop?.Episodes, recording));
        services.AddHostedService(provider => provider.GetRequiredService<StatusSource>());
        services.AddAkka("vla", (akka, provider) => akka
            .ConfigureLoggers(loggers => loggers.ClearLoggers().AddLoggerFactory())
            .WithVlaPipeline(provider.GetRequiredService<PipelineParts>()));
        if (settings.Telemetry.Enabled) TelemetrySetup.Add(builder, settings.Telemetry, profile);
        services.AddHostedService(provider => new InstructionConsole(
            provider.GetRequiredService<IRequiredActor<InstructionActor>>(), screen, tabletop?.Episodes,
            provider.GetRequiredService<ILogger<InstructionConsole>>()));
        services.AddHostedService(provider => new WatchdogService(
            provider.GetService<ISystemdNotifier>(), () => control.Snapshot().Published, time));
        services.AddHostedService(provider => new DurationService(
            TimeSpan.FromSeconds(settings.DurationSeconds), time, provider.GetRequiredService<IHostApplicationLifetime>()));

        using var host = Build(builder);
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        // Before anything else is shut down: the robot's last message does not wait for actors or connections to end.
        lifetime.ApplicationStopping.Register(() => control.Shutdown("the controller is shutting down"));
        using var cancelled = cancellation.Register(lifetime.StopApplication);

        try
        {
            await host.StartAsync(CancellationToken.None);
        }
        catch (IOException e) when (builder is WebApplicationBuilder)
        {
            throw new UsageException($"cannot listen at {settings.Http}: {e.Message.ReplaceLineEndings(" ")}; choose another address with --http, or --http off", e);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return; // Told to end while still starting.
        }

        tabletop?.Episodes.Start(
            control, text => host.Services.GetRequiredService<IRequiredActor<InstructionActor>>().ActorRef.Tell(new GiveInstruction(text), ActorRefs.NoSender));
        recording?.Start(host.Services.GetRequiredService<ILoggerFactory>().CreateLogger<LiveRecording>());
        // Last: the first action says that everything else is there.
        if (!lifetime.ApplicationStopping.IsCancellationRequested) control.Start();
        await host.WaitForShutdownAsync(CancellationToken.None);
        // While whatever it says is still written.
        recording?.Dispose();
        first?.Dispose();
    }

    private static IHostApplicationBuilder Builder(VlaSettings settings, string configFolder)
    {
        if (HttpAddress.Parse(settings.Http) is not { } address)
            return Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());

        var file = settings.HttpTokenFile.Length > 0 ? Path.Combine(configFolder, settings.HttpTokenFile) : "";
        var web = WebServer.Builder(address, HttpToken.Read(Environment.GetEnvironmentVariable(HttpToken.Variable), file));
        web.AddPage();
        return web;
    }

    private static IHost Build(IHostApplicationBuilder builder)
    {
        if (builder is not WebApplicationBuilder web) return ((HostApplicationBuilder)builder).Build();

        var app = web.Build();
        WebServer.UseGuards(app);
        HttpApi.Map(app);
        TelemetrySetup.Map(app);
        app.MapPage();
        return app;
    }

    private static InstructionBoard FirstInstruction(string text, TimeProvider time)
    {
        var board = new InstructionBoard(time);
        if (text.Length == 0) return board;
        if (!InstructionText.TryRead(text, out var instruction, out var problem)) throw new UsageException(problem);

        board.Give(instruction);
        return board;
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
            DeadmanMs = settings.DeadmanMs,
            RealTime = settings.RealTime,
        };
        if (options.DeadmanMs == 0 || options.DeadmanMs >= options.LeastDeadmanMs) return options;
        throw new UsageException(string.Create(CultureInfo.InvariantCulture,
            $"setting 'control:deadmanMs' is {options.DeadmanMs}: a robot would stop between two messages at 'control:rateHz' {options.RateHz}; use {options.LeastDeadmanMs} or more, or 0 for five control periods"));
    }
}
