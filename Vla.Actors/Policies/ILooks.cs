using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>What a policy has for eyes.</summary>
internal interface ILooks : IDisposable
{
    /// <summary>
    /// Works once on pictures of the sizes that will come, so that the first takes no longer than the next.
    /// </summary>
    void WarmUp();

    /// <param name="picture">[1, 3, height, width], prepared as the policy wants it, on its device; borrowed.</param>
    /// <param name="words">In force; empty for eyes that words do not tune.</param>
    /// <returns>The caller's.</returns>
    Tensor Look(Tensor picture, string words);
}
