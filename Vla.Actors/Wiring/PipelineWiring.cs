using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging;
using Vla.Actors.Cameras;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Observations;
using Vla.Actors.Scheduling;
using Vla.Sensors.Observations;

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
    /// Every actor on a picture's way has a thread of its own, so that a busy thread pool (HTTP, timers) never delays a frame.
    /// </remarks>
    public static AkkaConfigurationBuilder WithVlaPipeline(this AkkaConfigurationBuilder akka, PipelineParts parts) => akka
        .AddHocon(PipelineConfig.Hocon, HoconAddMode.Prepend)
        .WithActors((system, registry) =>
        {
            system.ActorOf(LostMessageActor.Props(), "lost-messages");

            var source = new ObservationSource([PictureNames.Unnamed], 0, parts.Instructions);
            var observations = Add<ObservationActor>("observation", ObservationActor.Props(source));
            Add<CameraActor>("camera", CameraActor.Props(
                parts.OpenCamera, parts.Frames, source.Places[0], parts.Monitors.Camera, parts.Time, Logger<CameraActor>(),
                new CameraWatch(parts.Monitors.Camera, parts.Control, parts.Time, Logger<CameraWatch>())));

            var instruction = Add<InstructionActor>("instruction", InstructionActor.Props(
                parts.Instructions, parts.CheckInstructions(), Logger<InstructionActor>()));

            var policy = parts.Start(system, observations, instruction, source);
            parts.Instructions.Changed += given => parts.Control.Demand.NewestInstruction = given.Number;
            Add<PublisherActor>("publisher", PublisherActor.Props(parts.Control, policy, parts.Home));
            system.ActorOf(ControlReportActor.Props(parts.Control, Logger<ControlReportActor>()), "control-report");

            IActorRef Add<TActor>(string name, Props props)
            {
                var actor = system.ActorOf(props.WithDispatcher(StageDispatcher.Name), name);
                registry.Register<TActor>(actor);
                return actor;
            }

            ILogger Logger<T>() => parts.Loggers.CreateLogger<T>();
        });
}
