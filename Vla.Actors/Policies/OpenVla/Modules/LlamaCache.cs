using static TorchSharp.torch;

namespace Vla.Actors.Policies.OpenVla.Modules;

/// <summary>Keys and values of what a language model has read, layer by layer.</summary>
internal sealed class LlamaCache(int layers) : IDisposable
{
    private readonly (Tensor Key, Tensor Value)?[] _kept = new (Tensor, Tensor)?[layers];

    /// <summary>Tokens that were read.</summary>
    public long Length { get; set; }

    /// <summary>Adds those of the tokens that are read now.</summary>
    /// <param name="layer">From 0.</param>
    /// <param name="key">[1, length, heads, size].</param>
    /// <param name="value">[1, length, heads, size].</param>
    /// <returns>All of them, this object's.</returns>
    public (Tensor Key, Tensor Value) Add(int layer, Tensor key, Tensor value)
    {
        var all = _kept[layer] is { } before
            ? (cat([before.Key, key], 1), cat([before.Value, value], 1))
            : (key.alias(), value.alias());
        all.Item1.DetachFromDisposeScope();
        all.Item2.DetachFromDisposeScope();
        Forget(layer);
        _kept[layer] = all;
        return all;
    }

    public void Dispose()
    {
        for (var i = 0; i < layers; i++)
            Forget(i);
    }

    private void Forget(int layer)
    {
        _kept[layer]?.Key.Dispose();
        _kept[layer]?.Value.Dispose();
        _kept[layer] = null;
    }
}
