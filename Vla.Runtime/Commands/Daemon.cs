using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Actors.Stages;
using Vla.Runtime.Composition;
using Vla.Runtime.Hosting;
using Vla.Runtime.Processes;
using Vla.Runtime.Recording;
using Vla.Runtime.Robots;
using Vla.Runtime.Settings;
using Vla.Sensors.Images;

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
        using var start = new StartWatch(
            TimeSpan.FromSeconds(settings.Stages.LoadSeconds),
            TimeSpan.FromSeconds(settings.DurationSeconds),
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
        start.Begin("loading the libraries", boundsItself: true);
        var plan = RunPlan.Read(settings, configFolder);
        await using var parts = await RunParts.OpenAsync(plan, start, time, cancellation);
        if (parts is null)
        {
            SayNothingRecorded(settings);
            return;
        }

        start.Begin("starting");
        var made = parts.ForController();
        using var controller = new Controller(made);
        var control = controller.Control;
        parts.Recording?.Watch(controller.Observers);
        if (parts.Said.IsStop)
            control.Stop($"{InstructionCheck.StopReason}: the first instruction is '{settings.Instruction}'");
        control.IdleReason =
            plan.LeadsAlone ? $"{plan.Lead} tells nothing yet"
            : parts.Instructions.Current is null && parts.Policy.TakesWords ? "no instruction yet"
            : "no action yet";
        if (!plan.LeadsAlone)
            parts.Instructions.Changed += _ => control.IdleReason = "no action yet";
        using var ending = new Ending(
            control,
            bound =>
            {
                var isSaved = parts.Recording?.WaitSaved(bound) ?? true;
                foreach (var name in parts.Side.WaitAtRest(RobotSide.LongestRest))
                    LastWord.TryWrite($"vla: robot {name} is not at rest yet: mind it");
                return isSaved;
            },
            endProcess
        );
        ending.LeaveScreen = () => parts.Screen?.Dispose();
        control.Lost = reason => ending.Begin(reason, ExitCodes.Failure);
        await starting.DisposeAsync();
        using var told = cancellation.Register(() =>
            ending.Begin(
                $"told to end{(TerminationSignals.Received is { } signal ? $" ({signal})" : "")}",
                TerminationSignals.IsFailure ? ExitCodes.Failure : ExitCodes.Success
            )
        );

        // Whoever watched is gone: as with a closed terminal.
        var usesOutput = parts.Screen is null && plan.Outputs.Any(output => output.UsesStandardOutput);
        using var streams = endProcess is null
            ? null
            : new StandardStreams(
                usesOutput
                    ? () => ending.Begin("standard output was closed by whoever read it", ExitCodes.Success)
                    : null
            );

        RunServices.Add(builder, parts, controller, made.Control, ending, time);
        var systemd = new SystemdReports(new SystemdNotifier(), () => control.Snapshot().Published, time);
        builder.Services.AddHostedService(_ => systemd);
        using var duration = new RunDuration(
            plan.MayLast,
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
        if (parts.Recording is { } recording)
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
        SayRemarks(logger, parts);
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
            await StartUp.WaitAsync(parts.Monitors, time, lifetime.ApplicationStopping);
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
            parts.Start(
                control,
                text =>
                    host.Services.GetRequiredService<IRequiredActor<InstructionActor>>()
                        .ActorRef.Tell(new GiveInstruction(text), ActorRefs.NoSender)
            );
            // Last: the first action says that everything else is there.
            control.Start();
            loop.Start();
            duration.Start();
        }

        await DaemonHost.WaitForEndAsync(host);
        // While whatever it says is still written.
        ending.Save();
        if (ending.ExitCode != ExitCodes.Success)
            throw new RunEndedException(ending.Reason!, ending.ExitCode);
    }

    private static void SayNothingRecorded(VlaSettings settings)
    {
        if (settings.Record.Directory is { Length: > 0 } directory)
            LastWord.TryWrite($"vla: nothing was recorded to {directory}: the run ended before it had begun");
    }

    /// <summary>Says what there is to know of the policy, and of what it gets to see.</summary>
    private static void SayRemarks(ILogger logger, RunParts parts)
    {
        foreach (var remark in parts.Policy.Remarks)
            Log.Remark(logger, remark);
        if (parts.Instructions.Current is not null && !parts.Policy.TakesWords)
            Log.EndingWarning(logger, InstructionCheck.NoWords);
        foreach (var (opened, named) in parts.Seen.Zip(parts.Plan.Cameras))
        {
            var difference = AspectCheck.Difference(
                parts.Policy.ImageOf(named.Name),
                parts.Seen.Count > 1 ? named.Name : opened.Name,
                opened.Width,
                opened.Height
            );
            if (difference is not null)
                Log.Aspect(logger, difference);
        }
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
