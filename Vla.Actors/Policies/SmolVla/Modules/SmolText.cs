using TorchSharp;
using Vla.Actors.Policies.Layers;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.SmolVla.Modules;

/// <summary>
/// SmolVLM's language model over pictures, words and state: run once for an observation, its keys and values kept.
/// </summary>
internal sealed class SmolText(ModelWeights weights, SmolVlmSizes sizes, int layers)
{
    private readonly ModelWeights _text = weights.At("text_model");

    /// <summary>Size of a token.</summary>
    public long Width => _text.Get("embed_tokens.weight", 2).shape[1];

    /// <summary>Token ids go from 0 to one less than this.</summary>
    public long Vocabulary => _text.Get("embed_tokens.weight", 2).shape[0];

    /// <param name="ids">[batch, length], int64.</param>
    /// <returns>[batch, length, width], scaled by √width as the pictures' are.</returns>
    public Tensor Embed(Tensor ids)
    {
        using var scope = NewDisposeScope();
        using Scalar scale = Math.Sqrt(Width);
        return (
            _text.Get("embed_tokens.weight", 2).index_select(0, ids.flatten()).reshape(ids.shape[0], ids.shape[1], -1)
            * scale
        ).MoveToOuterDisposeScope();
    }

    /// <param name="tokens">[batch, length, width].</param>
    /// <param name="isReal">[batch, length], false for padding.</param>
    /// <param name="blocks">[batch, length], true where a new block begins: it sees those before it, and they do not
    /// see it.</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    /// <returns>Its tensors belong to the caller's dispose scope.</returns>
    public SmolPrefix Read(Tensor tokens, Tensor isReal, Tensor blocks, Action<string, Tensor>? seen)
    {
        var order = blocks.to(ScalarType.Int64).cumsum(1);
        var mask = order
            .unsqueeze(1)
            .less_equal(order.unsqueeze(2))
            .logical_and(isReal.unsqueeze(1))
            .logical_and(isReal.unsqueeze(2));
        var positions = isReal.to(ScalarType.Int64).cumsum(1) - Scalars.One;
        seen?.Invoke("prefix.attention_mask", mask);
        seen?.Invoke("prefix.position_ids", positions);
        var (keys, values) = (new List<Tensor>(), new List<Tensor>());
        var turned = Rotation.Of(positions, sizes.HeadSize);
        var x = tokens;
        for (var i = 0; i < layers; i++)
        {
            seen?.Invoke($"prefix.layer{i}_input", x);
            var layer = _text.At($"layers.{i}");
            var given = layer.RmsNorm("input_layernorm", x, sizes.TextEps);
            var query = turned.Turn(Project("q_proj"));
            keys.Add(turned.Turn(Project("k_proj")));
            values.Add(Project("v_proj"));
            seen?.Invoke($"prefix.cache{i}.key", keys[i].transpose(1, 2));
            seen?.Invoke($"prefix.cache{i}.value", values[i].transpose(1, 2));
            // The last layer's own result is nobody's but a watcher's.
            if (i == layers - 1 && seen is null)
                break;
            x =
                x
                + layer.Linear("self_attn.o_proj", SharedHeads.Attend(query, keys[i], values[i], mask), hasBias: false);
            x = x + layer.GatedMlp("mlp", layer.RmsNorm("post_attention_layernorm", x, sizes.TextEps));

            Tensor Project(string name) =>
                SharedHeads.Split(layer.Linear($"self_attn.{name}", given, hasBias: false), sizes.HeadSize);
        }

        seen?.Invoke("prefix.output", seen is null ? x : _text.RmsNorm("norm", x, sizes.TextEps));
        return new SmolPrefix(keys, values, isReal);
    }

    /// <summary>One token more, which sees all before it and is not seen by them.</summary>
    /// <param name="prefix">What was read.</param>
    /// <param name="token">[1, 1, width].</param>
    /// <returns>Its tensors belong to the caller's dispose scope.</returns>
    public SmolPrefix Append(SmolPrefix prefix, Tensor token)
    {
        var real = prefix.IsReal;
        var isReal = cat([real, ones([real.shape[0], 1], dtype: ScalarType.Bool, device: real.device)], 1);
        var turned = Rotation.Of(real.to(ScalarType.Int64).sum(1, keepdim: true), sizes.HeadSize);
        var mask = isReal.unsqueeze(1);
        var (keys, values) = (new List<Tensor>(), new List<Tensor>());
        var x = token;
        for (var i = 0; i < layers; i++)
        {
            var layer = _text.At($"layers.{i}");
            var given = layer.RmsNorm("input_layernorm", x, sizes.TextEps);
            keys.Add(cat([prefix.Keys[i], turned.Turn(Project("k_proj"))], 1));
            values.Add(cat([prefix.Values[i], Project("v_proj")], 1));
            if (i == layers - 1)
                break;
            var query = turned.Turn(Project("q_proj"));
            x =
                x
                + layer.Linear("self_attn.o_proj", SharedHeads.Attend(query, keys[i], values[i], mask), hasBias: false);
            x = x + layer.GatedMlp("mlp", layer.RmsNorm("post_attention_layernorm", x, sizes.TextEps));

            Tensor Project(string name) =>
                SharedHeads.Split(layer.Linear($"self_attn.{name}", given, hasBias: false), sizes.HeadSize);
        }

        return new SmolPrefix(keys, values, isReal);
    }
}
