using Akka.Actor;
using Microsoft.Extensions.Logging;
using Vla.Actors.Cameras;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Observations;
using Vla.Sensors.Cameras;

namespace Vla.Actors.Wiring;

/// <summary>The whole wiring: which actors exist and who talks to whom.</summary>
public static class PipelineWiring
{
    /// <summary>
    /// Starts the pipeline's actors. Each is given its upstream neighbour only: downstream is whoever asks.
    /// </summary>
    /// <remarks>
    /// <code>
    /// camera ──► observation ──► policy ──► publisher ──► control loop
    ///              instruction ──┘
    /// </code>
    /// Every actor on a picture's way has a thread of its own, so that a busy thread pool (HTTP, timers) never delays a
    /// frame.
    /// </remarks>
    /// <param name="system">Set up by <see cref="PipelineConfig.Hocon"/>.</param>
    /// <param name="parts">What the pipeline is made of.</param>
    public static PipelineActors Start(ActorSystem system, PipelineParts parts)
    {
        system.ActorOf(LostMessageActor.Props(), "lost-messages");

        var source = new ObservationSource(
            [.. parts.Cameras.Select(camera => camera.Name)],
            parts.MaximumSkewNs,
            parts.Instructions,
            parts.RobotState,
            parts.Policy.State.Names
        );
        var observations = Start("observation", ObservationActor.Props(source));
        var cameras = AddCameras(source);

        var instruction = Start(
            "instruction",
            InstructionActor.Props(parts.Instructions, parts.CheckInstructions(), Logger<InstructionActor>())
        );

        var policy = parts.Start(system, observations, instruction, source);
        parts.Instructions.Changed += given => parts.Control.Instruction = given;
        var publisher = Start("publisher", PublisherActor.Props(parts.Control, policy, parts.Scheduling));
        system.ActorOf(ControlReportActor.Props(parts.Control, Logger<ControlReportActor>()), "control-report");
        return new PipelineActors(observations, cameras, instruction, publisher);

        List<IActorRef> AddCameras(ObservationSource source)
        {
            var actors = new List<IActorRef>();
            var spots = new BlindSpots(parts.Control, parts.Cameras.Count);
            foreach (var (i, (camera, monitor)) in parts.Cameras.Zip(parts.Monitors.Cameras).Index())
            {
                var watch = new CameraWatch(
                    monitor,
                    parts.Control,
                    parts.Time,
                    Logger<CameraWatch>(),
                    spots,
                    i,
                    parts.Cameras.Count > 1 ? source : null
                );
                actors.Add(
                    Start(
                        $"camera-{camera.Name}",
                        CameraActor.Props(
                            camera.Open,
                            new FramePool(parts.Policy.ImageOf(camera.Name)),
                            source.Places[i],
                            monitor,
                            parts.Time,
                            Logger<CameraActor>(),
                            watch
                        )
                    )
                );
            }

            return actors;
        }

        IActorRef Start(string name, Props props) => system.ActorOf(parts.Scheduling.Place(props), name);

        ILogger Logger<T>() => parts.Loggers.CreateLogger<T>();
    }
}
