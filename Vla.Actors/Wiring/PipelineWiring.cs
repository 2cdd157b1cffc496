using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging;
using Vla.Actors.Cameras;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Observations;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Scheduling;
using Vla.Actors.Stages;
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
    /// camera ──► observation ──► vision encoder ──► fusion ──► action decoder ──► publisher ──► control loop
    ///                   instruction ──► language encoder ──┘
    /// </code>
    /// Every actor on a picture's way has a thread of its own, so that a busy thread pool (HTTP, timers) never delays a frame;
    /// those with little to do run on the vision encoder's (<see cref="HomeThread"/>).
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

            var stages = StartStages(system, parts, observations, instruction, source);
            registry.Register<VisionEncoderActor>(stages.Vision);
            registry.Register<LanguageEncoderActor>(stages.Language);
            registry.Register<FusionActor>(stages.Fusion);
            registry.Register<ActionDecoderActor>(stages.Decoder);

            parts.Instructions.Changed += given => parts.Control.Demand.NewestInstruction = given.Number;
            Add<PublisherActor>("publisher", PublisherActor.Props(parts.Control, stages.Decoder, parts.Home));
            system.ActorOf(ControlReportActor.Props(parts.Control, Logger<ControlReportActor>()), "control-report");

            IActorRef Add<TActor>(string name, Props props)
            {
                var actor = system.ActorOf(props.WithDispatcher(PipelineConfig.PinnedDispatcher), name);
                registry.Register<TActor>(actor);
                return actor;
            }

            ILogger Logger<T>() => parts.Loggers.CreateLogger<T>();
        });

    /// <summary>Starts the Torch stages alone, for whoever brings pictures and words and takes the actions.</summary>
    /// <param name="parent">An actor system set up by <see cref="PipelineConfig.Hocon"/>, or an actor's context.</param>
    /// <param name="parts">What they are made of.</param>
    /// <param name="observations">Is told <see cref="Ready"/>, answers <see cref="ObservationCaptured"/>.</param>
    /// <param name="instruction">Is told <see cref="InstructionWanted"/>, answers <see cref="InstructionChanged"/>.</param>
    /// <param name="source">The shorter way to observations; null for none.</param>
    public static PipelineStages StartStages(
        IActorRefFactory parent, StageParts parts, IActorRef observations, IActorRef instruction, IObservationSource? source = null)
    {
        var (monitors, policy, device) = (parts.Monitors, parts.Policy, parts.Device);
        var modules = parts.Modules ?? PolicyModules.Of(policy, device);

        var vision = Start("vision-encoder", VisionEncoderActor.Props(
            Setup(monitors.Vision, parts.Threads.Vision), modules.Vision, device, observations, source));

        var language = Start("language-encoder", LanguageEncoderActor.Props(
            Setup(monitors.Language, parts.Threads.Language), modules.Language, policy.Tokenize,
            device, instruction));

        var fusion = Start("fusion", FusionActor.Props(
            Setup(monitors.Fusion, parts.Threads.Fusion), modules.Fusion, vision, language,
            policy.State.Dimensions > 0 ? new StateInput(policy.State, parts.RobotState, device) : null));

        var decoder = Start("action-decoder", ActionDecoderActor.Props(
            Setup(monitors.Decoder, parts.Threads.Decoder), modules.Decoder, policy.Action, fusion));

        return new PipelineStages(vision, language, fusion, decoder);

        IActorRef Start(string name, Props props) => parent.ActorOf(props.WithDispatcher(PipelineConfig.PinnedDispatcher), name);

        StageSetup Setup(StageMonitor monitor, int threads) =>
            new(monitor, parts.Time, threads, parts.Loggers.CreateLogger<TorchActor>()) { Home = parts.Home };
    }
}
