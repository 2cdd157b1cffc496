using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.OpenVla.Modules;

/// <summary>One of OpenVLA's eyes: timm's vision transformer, without its last block and its last norm.</summary>
/// <remarks>A DINOv2 puts a class token and a few registers in front, and scales what its layers add; a SigLIP does
/// neither.</remarks>
internal sealed class OpenVlaVision(ModelWeights weights, OpenVlaTower tower)
{
    private const double Eps = 1e-6;

    private readonly ModelWeights _weights = weights.At(tower.Place);

    /// <summary>Numbers of a patch's features.</summary>
    public long Width => _weights.Get("patch_embed.proj.weight", 4).shape[0];

    /// <param name="picture">[batch, 3, size, size], normalised.</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    /// <returns>[batch, patches, width].</returns>
    public Tensor Look(Tensor picture, Action<string, Tensor>? seen)
    {
        using var scope = NewDisposeScope();
        var patch = _weights.Get("patch_embed.proj.weight", 4);
        var map = functional.conv2d(
            picture.to(patch.dtype),
            patch,
            _weights.Get("patch_embed.proj.bias", 1),
            strides: [patch.shape[2], patch.shape[3]]
        );
        var x = ConvolutionLayers.ToTokens(map);
        seen?.Invoke("patch_embed", x);
        var places = _weights.Get("pos_embed", 3);
        if (places.shape[1] != x.shape[1])
            throw new PolicyException(
                $"{_weights.NameOf("pos_embed")} has {places.shape[1]} places, and image_sizes gives {x.shape[1]} "
                    + "patches"
            );
        x = x + places;
        var front = new List<Tensor>();
        foreach (var name in (ReadOnlySpan<string>)["cls_token", "reg_token"])
        {
            if (_weights.Has(name))
                front.Add(_weights.Get(name, 3).expand(x.shape[0], -1, -1));
        }

        var count = front.Sum(token => token.shape[1]);
        x = cat([.. front, x], 1);
        seen?.Invoke("tokens", x);
        var depth = 0;
        while (_weights.Has($"blocks.{depth}.norm1.weight"))
            depth++;
        if (depth < 2)
            throw new PolicyException(
                $"{_weights.NameOf("blocks.0.norm1.weight")}: a tower of {depth} blocks, expected 2 or more"
            );
        Tensor? features = null;
        for (var i = 0; i < depth - 1 || (seen is not null && i < depth); i++)
        {
            x = Block(_weights.At($"blocks.{i}"), x);
            seen?.Invoke($"block{i}", x);
            if (i == depth - 2)
                features = x.narrow(1, count, x.shape[1] - count);
        }

        seen?.Invoke("features", features!);
        return features!.MoveToOuterDisposeScope();
    }

    private Tensor Block(ModelWeights block, Tensor x)
    {
        using var scope = NewDisposeScope();
        var packed = block.Linear("attn.qkv", block.LayerNorm("norm1", x, Eps), hasBias: true);
        var parts = packed.chunk(3, 2);
        if (parts[0].shape[2] % tower.Heads != 0)
            throw new PolicyException(
                $"{block.NameOf("attn.qkv")}.weight gives {parts[0].shape[2]} numbers, which {tower.Heads} heads "
                    + "do not "
                    + "share: name num_heads in timm_model_overrides of config.json"
            );
        var mixed = block.Linear(
            "attn.proj",
            Attention.Attend(parts[0], parts[1], parts[2], tower.Heads),
            hasBias: true
        );
        x = x + Scaled(block, "ls1", mixed);
        var hidden = functional.gelu(block.Linear("mlp.fc1", block.LayerNorm("norm2", x, Eps), hasBias: true));
        return (x + Scaled(block, "ls2", block.Linear("mlp.fc2", hidden, hasBias: true))).MoveToOuterDisposeScope();
    }

    // Called gamma by timm, and written so by older savers.
    private static Tensor Scaled(ModelWeights block, string name, Tensor x) =>
        block.Has($"{name}.scale_factor") ? block.Get($"{name}.scale_factor", 1) * x
        : block.Has($"{name}.gamma") ? block.Get($"{name}.gamma", 1) * x
        : x;
}
