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
                    () => Eyes(policy, host.Device),
                    host.Device,
                    host.Observations,
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

    private static ActVision? Eyes(ActPolicy policy, Device device)
    {
        if (policy.Pictures is null)
            return null;
        var vision = ActVision.Load(policy.Directory, device);
        vision.WarmUp(policy.Pictures.Select(policy.ImageOf), device);
        return vision;
    }
}
