using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging;
using Vla.Actors.Cameras;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Observations;

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

            var source = new ObservationSource(
                [.. parts.Cameras.Select(camera => camera.Name)], parts.MaximumSkewNs, parts.Instructions, parts.RobotState,
                parts.Policy.State.Names);
            var observations = Add<ObservationActor>("observation", ObservationActor.Props(source));
            AddCameras(source);

            var instruction = Add<InstructionActor>("instruction", InstructionActor.Props(
                parts.Instructions, parts.CheckInstructions(), Logger<InstructionActor>()));

            var policy = parts.Start(system, observations, instruction, source);
            parts.Instructions.Changed += given => parts.Control.Demand.NewestInstruction = given.Number;
            Add<PublisherActor>("publisher", PublisherActor.Props(parts.Control, policy, parts.Scheduling));
            system.ActorOf(ControlReportActor.Props(parts.Control, Logger<ControlReportActor>()), "control-report");

            void AddCameras(ObservationSource source)
            {
                var spots = new BlindSpots(parts.Control, parts.Cameras.Count);
                foreach (var (i, (camera, monitor)) in parts.Cameras.Zip(parts.Monitors.Cameras).Index())
                {
                    var watch = new CameraWatch(
                        monitor, parts.Control, parts.Time, Logger<CameraWatch>(), spots, i, parts.Cameras.Count > 1 ? source : null);
                    var actor = Start($"camera-{camera.Name}", CameraActor.Props(
                        camera.Open, camera.Frames, source.Places[i], monitor, parts.Time, Logger<CameraActor>(), watch));
                    registry.TryRegister<CameraActor>(actor);
                }
            }

            IActorRef Add<TActor>(string name, Props props)
            {
                var actor = Start(name, props);
                registry.Register<TActor>(actor);
                return actor;
            }

            IActorRef Start(string name, Props props) => system.ActorOf(parts.Scheduling.Place(props), name);

            ILogger Logger<T>() => parts.Loggers.CreateLogger<T>();
        });
}
