using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>What a policy has for eyes.</summary>
internal interface ILooks : IDisposable
{
    /// <param name="picture">[1, 3, height, width], prepared as the policy wants it, on its device; borrowed.</param>
    /// <returns>The caller's.</returns>
    Tensor Look(Tensor picture);
}
