using Akka.Actor;
using Vla.Actors.Policies.Act.Actors;
using Vla.Actors.Policies.Act.Modules;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Act;

/// <summary>
/// An ACT policy as two actors, so that the next picture goes through the backbone while the transformer works on this
/// one.
/// </summary>
/// <remarks>
/// <code>
/// observations ──► vision backbone ──► transformer
/// </code>
/// Each has a thread of its own and its own part of the weights. Instructions are nobody's concern here.
/// </remarks>
internal static class ActActors
{
    /// <returns>The transformer.</returns>
    public static IActorRef Start(IActorRefFactory parent, ActPolicy policy, PolicyHost host)
    {
        // Both are heavy: whichever works alone has all threads.
        var threads = host.Threads.Vision;
        var vision = parent.ActorOf(
            host.Scheduling.Place(
                LookActor.Props(
                    host.Setup(ActSteps.Look, threads),
                    policy.Pictures,
                    ActSteps.Look,
                    () => policy.Pictures is { } names ? Eyes(policy, names, host.Device) : null,
                    host.Device,
                    host.Observations,
                    instructions: null,
                    host.Source
                )
            ),
            "vision-backbone"
        );
        return parent.ActorOf(
            host.Scheduling.Place(
                ActTransformerActor.Props(host.Setup(ActSteps.Plan, threads), policy, host.Device, vision)
            ),
            "transformer"
        );
    }

    private static ActVision Eyes(ActPolicy policy, IReadOnlyList<string> pictures, Device device) =>
        ActVision.Load(policy.Directory, pictures.Select(policy.ImageOf), device);
}
