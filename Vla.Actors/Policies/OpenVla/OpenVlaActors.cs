using Akka.Actor;
using Vla.Actors.Policies.OpenVla.Actors;
using Vla.Actors.Policies.OpenVla.Modules;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.OpenVla;

/// <summary>
/// An OpenVLA policy as two actors, so that the next picture is looked at while this one is answered.
/// </summary>
/// <remarks>
/// <code>
/// observations ──► vision towers ──► language model
/// instructions ──────────────────────┘
/// </code>
/// Each has a thread of its own and its own part of the weights.
/// </remarks>
internal static class OpenVlaActors
{
    /// <returns>The language model.</returns>
    public static IActorRef Start(IActorRefFactory parent, OpenVlaPolicy policy, PolicyHost host)
    {
        // Both are heavy: whichever works alone has all threads.
        var threads = host.Threads.Vision;
        var vision = parent.ActorOf(
            host.Scheduling.Place(
                LookActor.Props(
                    host.Setup(OpenVlaSteps.Look, threads),
                    policy.Pictures,
                    OpenVlaSteps.Look,
                    () => new Eyes(policy, host.Device),
                    host.Device,
                    host.Observations,
                    instructions: null,
                    host.Source
                )
            ),
            "vision-towers"
        );
        return parent.ActorOf(
            host.Scheduling.Place(
                OpenVlaAnswerActor.Props(
                    host.Setup(OpenVlaSteps.Answer, threads),
                    policy,
                    host.Device,
                    vision,
                    host.Instructions
                )
            ),
            "language-model"
        );
    }

    /// <summary>The vision towers and the projector, of their own part of the weights.</summary>
    private sealed class Eyes(OpenVlaPolicy policy, Device device) : ILooks
    {
        private readonly OpenVlaCheckpoint _checkpoint = OpenVlaCheckpoint.Open(
            policy.Directory,
            device,
            policy.Precision
        );

        public void WarmUp() => _checkpoint.WarmUpVision();

        public Tensor Look(Tensor picture, string words)
        {
            using var pixels = _checkpoint.Normalise(picture);
            return _checkpoint.Look(pixels);
        }

        public void Dispose() => _checkpoint.Dispose();
    }
}
