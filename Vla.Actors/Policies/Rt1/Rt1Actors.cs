using Akka.Actor;
using Vla.Actors.Policies.Rt1.Actors;
using Vla.Actors.Policies.Rt1.Modules;
using static TorchSharp.torch;

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
                LookActor.Props(
                    host.Setup(Rt1Steps.Look, threads),
                    policy.Pictures,
                    Rt1Steps.Look,
                    () => new Eyes(policy, host.Device),
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

    /// <summary>
    /// The image tokenizer, of its own part of the weights; the words' vector is kept while they stay the same.
    /// </summary>
    private sealed class Eyes(Rt1Policy policy, Device device) : ILooks
    {
        private readonly Rt1Checkpoint _checkpoint = Rt1Checkpoint.Open(policy.Directory, device);
        private (string Words, Tensor Vector)? _context;

        public void WarmUp() => _checkpoint.WarmUpVision();

        public Tensor Look(Tensor picture, string words) => _checkpoint.Look(picture, VectorOf(words));

        public void Dispose()
        {
            Forget();
            _checkpoint.Dispose();
        }

        private Tensor VectorOf(string words)
        {
            if (_context is { } known && known.Words == words)
                return known.Vector;
            Forget();
            var vector = policy.Encode(words);
            var context = tensor(vector, [1, vector.Length]).to(device).DetachFromDisposeScope();
            _context = (words, context);
            return context;
        }

        private void Forget()
        {
            _context?.Vector.Dispose();
            _context = null;
        }
    }
}
