using static TorchSharp.torch;

namespace Vla.Actors.Policies.SmolVla.Modules;

/// <summary>What the expert asks: keys and values of everything seen, said and felt, layer by layer.</summary>
/// <param name="Keys">A [batch, length, key heads, size] for each layer, turned by their places.</param>
/// <param name="Values">A [batch, length, key heads, size] for each layer.</param>
/// <param name="IsReal">[batch, length], true for what is no padding.</param>
internal sealed record SmolPrefix(IReadOnlyList<Tensor> Keys, IReadOnlyList<Tensor> Values, Tensor IsReal) : IDisposable
{
    /// <summary>The same for whoever it is told: its tensors are nobody's dispose scope's any more.</summary>
    public SmolPrefix Detached()
    {
        foreach (var tensor in All)
            tensor.DetachFromDisposeScope();
        return this;
    }

    /// <summary>The same on tensors of their own, which a gradient may go through.</summary>
    public SmolPrefix Cloned() => Of(tensor => tensor.clone());

    /// <summary>Another reference to the same numbers, to be disposed by itself.</summary>
    public SmolPrefix Alias() => Of(tensor => tensor.alias().DetachFromDisposeScope());

    public void Dispose()
    {
        foreach (var tensor in All)
            tensor.Dispose();
    }

    private IEnumerable<Tensor> All => [.. Keys, .. Values, IsReal];

    private SmolPrefix Of(Func<Tensor, Tensor> make) =>
        new([.. Keys.Select(make)], [.. Values.Select(make)], make(IsReal));
}
