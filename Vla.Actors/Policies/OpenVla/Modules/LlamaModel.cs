using TorchSharp;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.OpenVla.Modules;

/// <summary>A Llama that goes on from what it was given, token by token, with keys and values kept.</summary>
internal sealed class LlamaModel(ModelWeights weights, LlamaSizes sizes)
{
    private readonly ModelWeights _model = weights.At("model");
    private readonly ModelWeights _all = weights;

    /// <summary>Token ids go from 0 to one less than this.</summary>
    public long Vocabulary => _model.Get("embed_tokens.weight", 2).shape[0];

    /// <param name="ids">[batch, length], int64.</param>
    public Tensor Embed(Tensor ids)
    {
        using var scope = NewDisposeScope();
        return _model
            .Get("embed_tokens.weight", 2)
            .index_select(0, ids.flatten())
            .reshape(ids.shape[0], ids.shape[1], -1)
            .MoveToOuterDisposeScope();
    }

    /// <summary>Reads tokens behind those that were read before.</summary>
    /// <param name="tokens">[1, length, width].</param>
    /// <param name="kept">What was read before; what is read now is added to it.</param>
    /// <param name="onlyLast">Whether only what comes after the last token is asked for.</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    /// <returns>[1, length or 1, vocabulary] in float32: what should come after each.</returns>
    public Tensor Read(Tensor tokens, LlamaCache kept, bool onlyLast, Action<string, Tensor>? seen)
    {
        using var scope = NewDisposeScope();
        var (length, before) = (tokens.shape[1], kept.Length);
        using Scalar from = before,
            to = before + length;
        var places = arange(from, to, dtype: int64, device: tokens.device).unsqueeze(0);
        using Scalar start = 0L,
            end = before + length;
        var keys = arange(start, end, dtype: int64, device: tokens.device).unsqueeze(0);
        var mask = keys.unsqueeze(1).less_equal(places.unsqueeze(2));
        Rotation? turned = null;
        var x = tokens;
        seen?.Invoke("hidden0", x);
        for (var i = 0; i < sizes.Layers; i++)
        {
            var layer = _model.At($"layers.{i}");
            var given = layer.RmsNorm("input_layernorm", x, sizes.Eps);
            var query = Project("q_proj", sizes.Heads);
            turned ??= Rotation.Of(places, query.shape[3], sizes.Wavelength);
            var (key, value) = kept.Add(
                i,
                turned.Turn(Project("k_proj", sizes.KeyHeads)),
                Project("v_proj", sizes.KeyHeads)
            );
            var mixed = SharedHeads.Attend(turned.Turn(query), key, value, mask);
            x = x + layer.Linear("self_attn.o_proj", mixed, hasBias: false);
            x = x + layer.GatedMlp("mlp", layer.RmsNorm("post_attention_layernorm", x, sizes.Eps));
            if (i < sizes.Layers - 1)
                seen?.Invoke($"hidden{i + 1}", x);

            Tensor Project(string name, int heads)
            {
                var projected = layer.Linear($"self_attn.{name}", given, hasBias: false);
                return projected.shape[2] % heads == 0
                    ? SharedHeads.Split(projected, projected.shape[2] / heads)
                    : throw new PolicyException(
                        $"{layer.NameOf($"self_attn.{name}")}.weight gives {projected.shape[2]} numbers, which "
                            + $"{heads} heads do not share (text_config)"
                    );
            }
        }

        kept.Length += length;
        x = _model.RmsNorm("norm", x, sizes.Eps);
        seen?.Invoke($"hidden{sizes.Layers}", x);
        if (onlyLast)
            x = x.narrow(1, length - 1, 1);
        return _all.Linear("lm_head", x, hasBias: false).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }
}
