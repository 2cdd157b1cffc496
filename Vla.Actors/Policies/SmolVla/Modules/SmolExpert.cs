using TorchSharp;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.SmolVla.Modules;

/// <summary>
/// SmolVLA's action expert: says in which direction a noisy chunk has to go, by what the language model keeps.
/// </summary>
internal sealed class SmolExpert(ModelWeights model, ModelWeights expert, SmolVlmSizes sizes, SmolVlaConfig config)
{
    /// <summary>The numbers of the expert's tokens.</summary>
    public long Width => model.Get("action_in_proj.weight", 2).shape[0];

    /// <summary>How a time is told to the expert: sines and cosines of periods from short to long.</summary>
    /// <param name="time">1 for chance, 0 for a chunk.</param>
    /// <param name="device">Where it is used.</param>
    /// <returns>[width].</returns>
    public Tensor Time(double time, Device device)
    {
        var half = Width / 2;
        var values = new float[Width];
        var (shortest, longest) = config.Periods;
        for (var i = 0; i < half; i++)
        {
            var share = half > 1 ? (double)i / (half - 1) : 0;
            var angle = time * 2 * Math.PI / (shortest * Math.Pow(longest / shortest, share));
            (values[i], values[half + i]) = ((float)Math.Sin(angle), (float)Math.Cos(angle));
        }

        return tensor(values, device: device);
    }

    /// <param name="chunk">[batch, chunk, action size], between noise and actions.</param>
    /// <param name="time">As for <see cref="Time"/>.</param>
    /// <param name="prefix">What was seen, said and felt.</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    /// <returns>[batch, chunk, action size].</returns>
    public Tensor Direction(Tensor chunk, double time, SmolPrefix prefix, Action<string, Tensor>? seen)
    {
        using var scope = NewDisposeScope();
        var x = Suffix(chunk, time);
        seen?.Invoke("suffix_embeddings", x);
        var (batch, length) = (chunk.shape[0], chunk.shape[1]);
        using Scalar count = length;
        var places = arange(count, dtype: int64, device: chunk.device).unsqueeze(0).expand(batch, length);
        var behind = places + prefix.IsReal.to(ScalarType.Int64).sum(1, keepdim: true);
        var ofPrefix = prefix.IsReal.unsqueeze(1).expand(batch, length, prefix.IsReal.shape[1]);
        var causal = places.unsqueeze(1).less_equal(places.unsqueeze(2));
        var ofAll = cat([ofPrefix, causal], 2);
        seen?.Invoke("attention_mask", ofAll);
        seen?.Invoke("position_ids", behind);
        var (fromStart, fromPrefix) = (Rotation.Of(places, sizes.HeadSize), Rotation.Of(behind, sizes.HeadSize));
        for (var i = 0; i < config.TextLayers; i++)
        {
            seen?.Invoke($"expert.layer{i}_input", x);
            var layer = expert.At($"layers.{i}");
            var given = layer.RmsNorm("input_layernorm", x, sizes.TextEps);
            var mixed =
                i % config.SelfAttentionEvery == 0
                    ? OfAll(layer, given, prefix, i, fromPrefix, ofAll)
                    : OfPrefix(layer, given, prefix, i, fromStart, ofPrefix);
            x = x + layer.Linear("self_attn.o_proj", mixed, hasBias: false);
            x = x + layer.GatedMlp("mlp", layer.RmsNorm("post_attention_layernorm", x, sizes.TextEps));
        }

        x = expert.RmsNorm("norm", x, sizes.TextEps);
        seen?.Invoke("expert.output", x);
        return model.Linear("action_out_proj", x, hasBias: true).MoveToOuterDisposeScope();
    }

    // Actions look at everything before them, and at themselves.
    private Tensor OfAll(ModelWeights layer, Tensor given, SmolPrefix prefix, int i, Rotation turned, Tensor mask)
    {
        var query = turned.Turn(Project("q_proj"));
        var key = turned.Turn(Project("k_proj"));
        return SharedHeads.Attend(
            query,
            cat([prefix.Keys[i], key], 1),
            cat([prefix.Values[i], Project("v_proj")], 1),
            mask
        );

        Tensor Project(string name) =>
            SharedHeads.Split(layer.Linear($"self_attn.{name}", given, hasBias: false), sizes.HeadSize);
    }

    // Actions look at what the language model keeps, through projections of their own.
    private Tensor OfPrefix(ModelWeights layer, Tensor given, SmolPrefix prefix, int i, Rotation turned, Tensor mask)
    {
        var query = turned.Turn(Split("q_proj", given));
        return SharedHeads.Attend(
            query,
            Split("k_proj", prefix.Keys[i].flatten(2)),
            Split("v_proj", prefix.Values[i].flatten(2)),
            mask
        );

        Tensor Split(string name, Tensor x) =>
            SharedHeads.Split(layer.Linear($"self_attn.{name}", x, hasBias: false), sizes.HeadSize);
    }

    private Tensor Suffix(Tensor chunk, double time)
    {
        var actions = model.Linear("action_in_proj", chunk, hasBias: true);
        var when = Time(time, chunk.device).expand(actions.shape[0], actions.shape[1], -1);
        var hidden = functional.silu(model.Linear("action_time_mlp_in", cat([actions, when], 2), hasBias: true));
        return model.Linear("action_time_mlp_out", hidden, hasBias: true);
    }
}
