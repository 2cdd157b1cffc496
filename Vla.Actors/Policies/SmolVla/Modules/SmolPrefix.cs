using static TorchSharp.torch;

namespace Vla.Actors.Policies.SmolVla.Modules;

/// <summary>What the expert asks: keys and values of everything seen, said and felt, layer by layer.</summary>
/// <param name="Keys">A [batch, length, key heads, size] for each layer, turned by their places.</param>
/// <param name="Values">A [batch, length, key heads, size] for each layer.</param>
/// <param name="IsReal">[batch, length], true for what is no padding.</param>
internal sealed record SmolPrefix(IReadOnlyList<Tensor> Keys, IReadOnlyList<Tensor> Values, Tensor IsReal);
