using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging;
using Vla.Actors.Cameras;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Publishing;
using Vla.Actors.Stages;
using Vla.Actors.Supervision;

namespace Vla.Actors;

/// <summary>The whole wiring: which actors exist and who talks to whom.</summary>
public static class Pipeline
{
    /// <summary>
    /// Starts the pipeline's actors. Each is given its upstream neighbour only: downstream is whoever asks.
    /// </summary>
    /// <remarks>
    /// <code>
    /// camera ──► vision encoder ──► fusion ──► action decoder ──► publisher ──► control loop
    /// instruction ──► language encoder ──┘
    /// </code>
    /// Every actor has a thread of its own: the Torch stages because Torch's modes are thread-local, the others so that
    /// a busy thread pool (HTTP, timers) never delays a frame.
    /// </remarks>
    public static AkkaConfigurationBuilder WithVlaPipeline(this AkkaConfigurationBuilder akka, PipelineParts parts) => akka
        .AddHocon(PipelineConfig.Hocon, HoconAddMode.Prepend)
        .WithActors((system, registry) =>
        {
            system.ActorOf(LostMessageActor.Props(), "lost-messages");

            var (monitors, time, policy, device) = (parts.Monitors, parts.Time, parts.Policy, parts.Device);
            var modules = parts.Modules ?? PolicyModules.Of(policy, device);

            var camera = Add<CameraActor>("camera", CameraActor.Props(
                parts.OpenCamera, parts.Frames, monitors.Camera, time, Logger<CameraActor>()));

            var vision = Add<VisionEncoderActor>("vision-encoder", VisionEncoderActor.Props(
                Setup(monitors.Vision, parts.Threads.Vision), modules.Vision, device, camera));

            var instruction = Add<InstructionActor>("instruction", InstructionActor.Props(
                parts.Instructions, Logger<InstructionActor>()));

            var language = Add<LanguageEncoderActor>("language-encoder", LanguageEncoderActor.Props(
                Setup(monitors.Language, parts.Threads.Language), modules.Language, policy.Tokenize,
                device, instruction));

            var fusion = Add<FusionActor>("fusion", FusionActor.Props(
                Setup(monitors.Fusion, parts.Threads.Fusion), modules.Fusion, vision, language,
                policy.State.Dimensions > 0 ? new StateInput(policy.State, parts.RobotState, device) : null));

            var decoder = Add<ActionDecoderActor>("action-decoder", ActionDecoderActor.Props(
                Setup(monitors.Decoder, parts.Threads.Decoder), modules.Decoder, policy.Action, fusion));

            parts.Instructions.Changed += given => parts.Control.Demand.NewestInstruction = given.Number;
            Add<PublisherActor>("publisher", PublisherActor.Props(parts.Control, decoder, Logger<PublisherActor>()));

            IActorRef Add<TActor>(string name, Props props)
            {
                var actor = system.ActorOf(props.WithDispatcher(PipelineConfig.PinnedDispatcher), name);
                registry.Register<TActor>(actor);
                return actor;
            }

            StageSetup Setup(StageMonitor monitor, int threads) => new(monitor, time, threads, Logger<TorchActor>());

            ILogger Logger<T>() => parts.Loggers.CreateLogger<T>();
        });
}
