using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Layers;

/// <summary>Attention with fewer heads of keys and values than of queries, as Llama has it.</summary>
internal static class SharedHeads
{
    /// <param name="query">[batch, n, heads, size].</param>
    /// <param name="key">[batch, m, key heads, size].</param>
    /// <param name="value">[batch, m, key heads, size].</param>
    /// <param name="mask">[batch, n, m], true where a query may look; a query that may look nowhere looks
    /// everywhere.</param>
    /// <returns>[batch, n, heads × size].</returns>
    public static Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor mask)
    {
        using var scope = NewDisposeScope();
        using Scalar lowest = query.dtype switch
        {
            ScalarType.Float16 => -65_504f,
            ScalarType.BFloat16 => -3.38e38f,
            _ => float.MinValue,
        };
        var shares = query.shape[2] / key.shape[2];
        var closed = zeros(mask.shape, dtype: query.dtype, device: mask.device)
            .masked_fill(mask.logical_not(), lowest)
            .unsqueeze(1);
        var mixed = functional.scaled_dot_product_attention(
            Heads(query, 1),
            Heads(key, shares),
            Heads(value, shares),
            closed
        );
        return mixed.transpose(1, 2).flatten(2).MoveToOuterDisposeScope();

        // [batch, length, heads, size] → [batch, heads × shares, length, size], each head as often as it serves.
        static Tensor Heads(Tensor x, long shares)
        {
            var first = x.transpose(1, 2);
            if (shares == 1)
                return first;
            var (batch, heads, length, size) = (first.shape[0], first.shape[1], first.shape[2], first.shape[3]);
            return first
                .unsqueeze(2)
                .expand(batch, heads, shares, length, size)
                .reshape(batch, heads * shares, length, size);
        }
    }

    /// <summary>[batch, length, heads × size] → [batch, length, heads, size].</summary>
    public static Tensor Split(Tensor x, long size) => x.reshape(x.shape[0], x.shape[1], x.shape[2] / size, size);
}
