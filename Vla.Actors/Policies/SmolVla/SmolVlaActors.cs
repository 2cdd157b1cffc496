using Akka.Actor;
using Vla.Actors.Policies.SmolVla.Actors;
using Vla.Actors.Policies.SmolVla.Modules;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.SmolVla;

/// <summary>
/// A SmolVLA policy as three actors, so that the next pictures are looked at while this chunk is made.
/// </summary>
/// <remarks>
/// <code>
/// observations ──► vision tower ──► language model ──► action expert
/// instructions ─────────────────────┘
/// </code>
/// Each has a thread of its own and its own part of the weights.
/// </remarks>
internal static class SmolVlaActors
{
    /// <returns>The action expert.</returns>
    public static IActorRef Start(IActorRefFactory parent, SmolVlaPolicy policy, PolicyHost host)
    {
        // All are heavy: whichever works alone has all threads.
        var threads = host.Threads.Vision;
        var vision = Start(
            "vision-tower",
            LookActor.Props(
                host.Setup(SmolSteps.Look, threads),
                policy.Pictures,
                SmolSteps.Look,
                () => new Eyes(policy, host.Device),
                host.Device,
                host.Observations,
                instructions: null,
                host.Source
            )
        );
        var language = Start(
            "language-model",
            SmolReaderActor.Props(host.Setup(SmolSteps.Read, threads), policy, host.Device, vision, host.Instructions)
        );
        return Start(
            "action-expert",
            SmolExpertActor.Props(host.Setup(SmolSteps.Plan, threads), policy, host.Device, language, host.Progress)
        );

        IActorRef Start(string name, Props props) => parent.ActorOf(host.Scheduling.Place(props), name);
    }

    /// <summary>The vision tower, of its own part of the weights.</summary>
    private sealed class Eyes(SmolVlaPolicy policy, Device device) : ILooks
    {
        private readonly SmolVlaCheckpoint _checkpoint = SmolVlaCheckpoint.Open(policy.Directory, device);

        public void WarmUp()
        {
            using var scope = NewDisposeScope();
            using var guard = inference_mode();
            _checkpoint.Look(zeros([1, 3, policy.Image.Height, policy.Image.Width], device: device));
        }

        public Tensor Look(Tensor picture, string words) => _checkpoint.Look(picture);

        public void Dispose() => _checkpoint.Dispose();
    }
}
