using Akka.Actor;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Actors.Scheduling;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// The four stages of a staged policy as actors, each given its upstream neighbour: downstream is whoever asks.
/// </summary>
/// <remarks>
/// <code>
/// observations ──► vision encoder ──► fusion ──► action decoder
/// instructions ──► language encoder ──┘
/// </code>
/// Each has a thread of its own, so that a busy thread pool (HTTP, timers) never delays a picture, and may share the
/// vision encoder's (<see cref="StageScheduling"/>).
/// </remarks>
internal static class StagedActors
{
    /// <returns>The action decoder.</returns>
    public static IActorRef Start(IActorRefFactory parent, StagedPolicy policy, PolicyModules modules, PolicyHost host)
    {
        var (device, threads) = (host.Device, host.Threads);

        var vision = Start(
            "vision-encoder",
            VisionEncoderActor.Props(
                host.Setup(StagedSteps.Encode, threads.Vision),
                modules.Vision,
                device,
                host.Observations,
                host.Source,
                policy.Pictures
            )
        );

        var language = Start(
            "language-encoder",
            LanguageEncoderActor.Props(
                host.Setup(StagedSteps.EncodeInstruction, threads.Language),
                modules.Language,
                policy.Tokenize,
                device,
                host.Instructions
            )
        );

        var fusion = Start(
            "fusion",
            FusionActor.Props(
                host.Setup(StagedSteps.Fuse, threads.Fusion),
                modules.Fusion,
                vision,
                language,
                policy.State.Dimensions > 0 ? new StateInput(policy.State, device) : null
            )
        );

        return Start(
            "action-decoder",
            ActionDecoderActor.Props(
                host.Setup(StagedSteps.Decode, threads.Decoder),
                modules.Decoder,
                policy.Action,
                fusion
            )
        );

        IActorRef Start(string name, Props props) => parent.ActorOf(host.Scheduling.Place(props), name);
    }
}
