using Akka.Actor;
using Vla.Actors.Policies.Rt1.Actors;

namespace Vla.Actors.Policies.Rt1;

/// <summary>
/// An RT-1 policy as two actors, so that the next picture is looked at while this action is decided.
/// </summary>
/// <remarks>
/// <code>
/// observations ──► image tokenizer ──► transformer
/// instructions ──┘
/// </code>
/// Each has a thread of its own and its own part of the weights.
/// </remarks>
internal static class Rt1Actors
{
    /// <returns>The transformer.</returns>
    public static IActorRef Start(IActorRefFactory parent, Rt1Policy policy, PolicyHost host)
    {
        // Both are heavy: whichever works alone has all threads.
        var threads = host.Threads.Vision;
        var tokenizer = parent.ActorOf(
            host.Scheduling.Place(
                Rt1LookActor.Props(
                    host.Setup(Rt1Steps.Look, threads),
                    policy,
                    host.Device,
                    host.Observations,
                    host.Instructions,
                    host.Source
                )
            ),
            "image-tokenizer"
        );
        return parent.ActorOf(
            host.Scheduling.Place(
                Rt1DecideActor.Props(host.Setup(Rt1Steps.Decide, threads), policy, host.Device, tokenizer)
            ),
            "transformer"
        );
    }
}
