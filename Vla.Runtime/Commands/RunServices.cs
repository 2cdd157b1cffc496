using Akka.Hosting;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Runtime.Hosting;
using Vla.Runtime.Policies;
using Vla.Runtime.Recording;
using Vla.Runtime.Status;
using Vla.Runtime.Telemetry;

namespace Vla.Runtime.Commands;

/// <summary>The services of a run: what lives in its host beside the controller.</summary>
internal static class RunServices
{
    /// <summary>Adds them all.</summary>
    /// <param name="builder">Of the host.</param>
    /// <param name="parts">What the run consists of.</param>
    /// <param name="controller">Made of them.</param>
    /// <param name="options">The control loop's.</param>
    /// <param name="ending">Ends the run.</param>
    /// <param name="time">Clock of everything.</param>
    public static void Add(
        IHostApplicationBuilder builder,
        RunParts parts,
        Controller controller,
        ControlOptions options,
        Ending ending,
        TimeProvider time
    )
    {
        var (settings, control) = (parts.Plan.Settings, controller.Control);
        var services = builder.Services;
        services.AddSingleton<IHostLifetime, HostLifetime>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        Logs.Configure(builder.Logging, settings.Log, parts.Screen);
        controller.AddTo(services);
        if (parts.Tabletop is { } tabletop)
            services.AddSingleton(tabletop.Episodes);
        services.AddSingleton(provider =>
            parts.Status = new StatusSource(
                provider.GetRequiredService<PipelineParts>(),
                parts.Profile,
                options,
                parts.Tabletop?.Episodes,
                parts.Recording,
                parts.State
            )
        );
        services.AddHostedService(provider => provider.GetRequiredService<StatusSource>());
        if (settings.Telemetry.Enabled)
            TelemetrySetup.Add(builder, settings.Telemetry, parts.Profile);
        services.AddSingleton(provider => new OperatorInput(
            control,
            provider.GetRequiredService<IRequiredActor<InstructionActor>>(),
            parts.Tabletop?.Episodes,
            () => ending.Begin("told to end (/quit)", ExitCodes.Success)
        ));
        var desk = new OperatorDesk(
            control,
            parts.Recording,
            parts.Leads,
            parts.Feed,
            () => ending.Begin("told to end (q)", ExitCodes.Success)
        );
        services.AddSingleton(desk);
        if (parts is { Policy: NoPolicy, Recording: null })
        {
            services.AddHostedService(provider => new CameraLines(
                provider.GetRequiredService<StatusSource>(),
                time,
                line => Console.WriteLine(line)
            ));
        }

        if (parts.Leads is { } leads)
        {
            services.AddHostedService(provider => new LeaderWatch(
                leads,
                parts.Plan.LeadsAlone ? parts.Monitors.Last : null,
                time,
                provider.GetRequiredService<ILogger<LeaderWatch>>()
            ));
        }

        if (parts.Feed is { } feed)
            (feed.Last, feed.Asked) = (() => control.Last, desk.Ask);
        if (parts.Recording is { } recording)
            TellOfEpisodes(recording.Events, parts, ending);
        services.AddHostedService(provider => new InstructionConsole(
            provider.GetRequiredService<OperatorInput>(),
            desk,
            parts.Screen,
            provider.GetRequiredService<ILogger<InstructionConsole>>()
        ));
        if (parts.Policy.Untrained is { } why)
        {
            services.AddHostedService(provider => new UntrainedReminder(
                parts.Policy.Directory,
                why,
                time,
                provider.GetRequiredService<ILogger<UntrainedReminder>>()
            ));
        }
    }

    /// <summary>Has everybody told who takes part in a recording of episodes.</summary>
    private static void TellOfEpisodes(SessionEvents events, RunParts parts, Ending ending)
    {
        var (side, leads, tabletop) = (parts.Side, parts.Leads, parts.Tabletop);
        // On threads of their own: whoever tells it here must not be held up.
        events.Ended = why => Task.Run(() => ending.Begin(why, ExitCodes.Success));
        events.NotReady = () =>
            side.Moved is { IsSettingOut: true } ? "the robot goes slowly to where it is first told to be" : null;
        // Within episodes alone.
        if (parts.Plan.HasSession && parts.Feed is { } feed)
        {
            events.PolicyMayAct = () => feed.PolicyActs = true;
            events.EpisodeEnded = () => feed.PolicyActs = false;
        }

        if (parts.Sounds is { } sounds)
            events.Heard = sounds.Say;
        events.EpisodeBegan = () => leads?.EpisodeBegan();
        events.ResetBegan = () =>
        {
            leads?.ResetBegan();
            if (tabletop is not null)
                Task.Run(() => tabletop.Episodes.Begin());
        };
    }
}
