using Akka.Hosting;
using Vla.Actors.Control;
using Vla.Actors.Observers;
using Vla.Actors.Pipeline;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;

namespace Vla.Runtime.Composition;

/// <summary>
/// A robot controller: cameras, policy, publisher and control loop, put together in the one place where that is done.
/// </summary>
/// <remarks>
/// The control loop is there from the beginning, so that whatever goes wrong afterwards can end in a stop; the actors
/// come with the host (<see cref="AddTo"/>); nothing is published before <see cref="ControlLoop.Start"/>.
/// </remarks>
internal sealed class Controller : IDisposable
{
    private readonly ControllerParts _parts;

    /// <exception cref="System.ComponentModel.DataAnnotations.ValidationException">A control option is out of its
    /// range.</exception>
    public Controller(ControllerParts parts)
    {
        _parts = parts with { Policy = parts.Wraps.Policy(parts.Policy) };
        Monitors =
            parts.Monitors
            ?? new PipelineMonitors(parts.Time, _parts.Policy.Steps, [.. parts.Cameras.Select(camera => camera.Name)]);
        Control = new ControlLoop(
            parts.Profile,
            parts.Control,
            parts.Outputs.Select(parts.Wraps.Output),
            parts.Clock ?? ControlClocks.For(parts.Time),
            _parts.Policy.Action.Execution,
            parts.State,
            parts.PolicyTakesState,
            parts.Robot
        )
        {
            // There before the first action, for whoever shows them.
            Latencies = new([
                StepTrail.Prepare,
                .. _parts.Policy.Steps.Where(step => !step.IsForInstruction).Select(step => step.Name),
            ]),
        };
        Monitors.ShowTo(Observers);
        if (parts.State is { } state)
        {
            state.Seen = (atNs, values) =>
            {
                if (!Observers.AreWanted(Sightings.States))
                    return;
                Observers.Show(new Sighting(Sightings.States, atNs, new StateRead(state.StateNames, values.ToArray())));
            };
        }

        parts.Instructions.Changed += given =>
            Observers.Show(new Sighting(Sightings.Instructions, given.GivenNs, given));
    }

    public ControlLoop Control { get; }

    public PipelineMonitors Monitors { get; }

    /// <summary>Everybody who watches.</summary>
    public ControllerObservers Observers => Control.Observers;

    /// <summary>Gives a host the actors, and whoever else lives in it the parts.</summary>
    public void AddTo(IServiceCollection services)
    {
        services.AddSingleton(Control);
        services.AddSingleton(_parts.Profile);
        services.AddSingleton(_parts.Time);
        services.AddSingleton(provider => PipelineOf(provider.GetRequiredService<ILoggerFactory>()));
        services.AddAkka(
            "vla",
            (akka, provider) =>
                akka.ConfigureLoggers(loggers => loggers.ClearLoggers().AddLoggerFactory())
                    .WithVlaPipeline(provider.GetRequiredService<PipelineParts>())
        );
    }

    /// <summary>Watches for stages that hang.</summary>
    public HangWatch WatchHangs(HangLimits limits, ILogger logger, Action<string> giveUp) =>
        new(Monitors.Stages, limits, _parts.Time, logger, giveUp);

    public void Dispose() => Control.Dispose();

    private PipelineParts PipelineOf(ILoggerFactory loggers)
    {
        Observers.Logger = loggers.CreateLogger<ControllerObservers>();
        return new PipelineParts
        {
            Policy = _parts.Policy,
            Device = _parts.Device,
            Cameras =
            [
                .. _parts.Cameras.Select(camera =>
                    camera with
                    {
                        Open = () => _parts.Wraps.Camera(camera.Name, camera.Open()),
                    }
                ),
            ],
            MaximumSkewNs = _parts.MaximumSkewNs,
            RobotState = _parts.PolicyState,
            Instructions = _parts.Instructions,
            Scene = _parts.Scene,
            Control = Control,
            Monitors = Monitors,
            Threads = _parts.Threads,
            Scheduling = _parts.Scheduling,
            Time = _parts.Time,
            Loggers = loggers,
        };
    }
}
