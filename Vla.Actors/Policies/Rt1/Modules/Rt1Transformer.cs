using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Rt1.Modules;

/// <summary>
/// RT-1's decoder: tokens of a few pictures in, and at the places of an action's tokens what each of them should be.
/// </summary>
/// <remarks>
/// The original gives every action token the vector zero, whatever it was, so one pass gives all tokens of an action
/// and past actions do not matter.
/// </remarks>
internal sealed class Rt1Transformer(ModelWeights weights, Rt1Config config) : IDisposable
{
    private readonly ModelWeights _weights = weights.At("transformer");
    private readonly DeviceConstant _mask = new(() => AllowedOf(config).log());

    /// <summary>The mask as it is used: 1 where a place may look. No action looks at an action.</summary>
    public static Tensor AllowedOf(Rt1Config config) =>
        Allowed(config, (query, key) => !(IsAction(config, query) && IsAction(config, key)));

    /// <summary>That of the authors' later code, for comparison: nothing looks at an action.</summary>
    public static Tensor AllowedLaterOf(Rt1Config config) => Allowed(config, (_, key) => !IsAction(config, key));

    private static Tensor Allowed(Rt1Config config, Func<int, int, bool> may)
    {
        var length = config.Frames * config.FrameTokens;
        var allowed = new float[length * length];
        for (var query = 0; query < length; query++)
        {
            for (var key = 0; key <= query; key++)
                allowed[query * length + key] = may(query, key) ? 1 : 0;
        }

        return tensor(allowed, [length, length]);
    }

    private static bool IsAction(Rt1Config config, int place) => place % config.FrameTokens >= config.ImageTokens;

    /// <param name="pictures">[batch, frames, tokens, token size].</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    /// <returns>[batch, frames × tokens of a frame, vocabulary].</returns>
    public Tensor Decode(Tensor pictures, Action<string, Tensor>? seen)
    {
        using var scope = NewDisposeScope();
        var (batch, frames, size) = (pictures.shape[0], pictures.shape[1], pictures.shape[3]);
        var actions = zeros([batch, frames, config.ActionTokens, size], device: pictures.device);
        var input = cat([pictures, actions], 2).reshape(batch, frames * config.FrameTokens, size);
        seen?.Invoke("transformer.input", input);
        var x = _weights.Linear("token_emb", input, hasBias: true);
        // A dense layer on which place it is: that place's column, and the bias.
        var places = _weights.Get("position_emb.weight", 2);
        if (places.shape[1] != x.shape[1])
            throw new PolicyException(
                $"{_weights.NameOf("position_emb")}.weight has {places.shape[1]} places, and {x.shape[1]} follow from "
                    + "config.json (time_sequence_length, num_image_tokens, action_order)"
            );
        x = x + (places.transpose(0, 1) + _weights.Get("position_emb.bias", 1));
        seen?.Invoke("transformer.embedding", x);
        var mask = _mask.On(x.device);
        for (var i = 0; i < config.Layers; i++)
        {
            x = Layer(_weights.At($"layers.{i}"), x, mask);
            seen?.Invoke($"transformer.layer{i}", x);
        }

        var logits = _weights.Linear("output_tokens", x, hasBias: true);
        seen?.Invoke("transformer.logits", logits);
        return logits.MoveToOuterDisposeScope();
    }

    /// <summary>The places of a frame's action tokens in the sequence: what comes next is told at the place
    /// before.</summary>
    public Tensor ActionLogits(Tensor logits, int frame) =>
        logits.narrow(1, config.ImageTokens + frame * config.FrameTokens - 1, config.ActionTokens);

    public void Dispose() => _mask.Dispose();

    private Tensor Layer(ModelWeights layer, Tensor x, Tensor mask)
    {
        using var scope = NewDisposeScope();
        var given = layer.LayerNorm("layernorm1", x, config.NormEps);
        var mixed = Attention.Attend(Project("query"), Project("key"), Project("value"), config.Heads, mask);
        x = x + layer.Linear("mha1.attention_output", mixed, hasBias: true);
        return (
            x + layer.Linear("ff", layer.LayerNorm("layernorm2", x, config.NormEps), hasBias: true)
        ).MoveToOuterDisposeScope();

        Tensor Project(string name)
        {
            var projected = layer.Linear($"mha1.{name}", given, hasBias: true);
            return projected.shape[2] == config.Heads * config.HeadSize
                ? projected
                : throw new PolicyException(
                    $"{layer.NameOf($"mha1.{name}")}.weight gives {projected.shape[2]} numbers, expected are "
                        + $"{config.Heads} heads of {config.HeadSize} (num_heads, layer_size)"
                );
        }
    }
}
