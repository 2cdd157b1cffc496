using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Runtime.Bench;

/// <summary>
/// Stand-ins for a policy on a GPU: each of three stages waits as long as the device would work, and needs no core for
/// it.
/// </summary>
internal static class WaitingModules
{
    private const int Features = 4;

    /// <summary>How long each stage takes.</summary>
    public static TimeSpan Wait { get; } = TimeSpan.FromMilliseconds(10);

    public static PolicyModules For(ActionSpec action) =>
        new(
            () => new Waiting("vision", Features),
            () => new Immediate(),
            () => new WaitingFusion(),
            () => new Waiting("decoder", action.Horizon, action.Dimensions)
        );

    private sealed class Waiting(string name, params long[] shape) : Module<Tensor, Tensor>(name)
    {
        public override Tensor forward(Tensor input)
        {
            Thread.Sleep(Wait);
            return zeros([1, .. shape]);
        }
    }

    private sealed class WaitingFusion() : Module<Tensor, Tensor, Tensor>("fusion")
    {
        public override Tensor forward(Tensor vision, Tensor language)
        {
            Thread.Sleep(Wait);
            return vision * 1;
        }
    }

    private sealed class Immediate() : Module<Tensor, Tensor>("language")
    {
        public override Tensor forward(Tensor input) => zeros(1, Features);
    }
}
