using TorchSharp;
using Vla.Actors.Policies.Layers;
using Vla.Actors.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.SmolVla.Modules;

/// <summary>
/// SmolVLM's eyes: a vision transformer over patches, and the connector that makes fewer, wider tokens of them.
/// </summary>
internal sealed class SmolVision(ModelWeights weights, SmolVlmSizes sizes)
{
    private readonly ModelWeights _vision = weights.At("vision_model");
    private readonly ModelWeights _connector = weights.At("connector");

    /// <summary>
    /// Brings a picture to the model's size: shrunk or enlarged whole, with a border at the left and the top.
    /// </summary>
    /// <param name="bytes">[batch, height, width, 3], 0 to 255.</param>
    /// <param name="size">Wanted.</param>
    /// <returns>[batch, 3, height, width], −1 to 1; the border is −1.</returns>
    public static Tensor Prepare(Tensor bytes, (int Width, int Height) size)
    {
        using var scope = NewDisposeScope();
        using Scalar largest = 255;
        var picture = (bytes.to(ScalarType.Float32) / largest).permute(0, 3, 1, 2);
        var (height, width) = (picture.shape[2], picture.shape[3]);
        if ((width, height) != (size.Width, size.Height))
        {
            var ratio = Math.Max(width / (double)size.Width, height / (double)size.Height);
            var (rows, columns) = ((long)(height / ratio), (long)(width / ratio));
            picture = functional.interpolate(
                picture,
                [rows, columns],
                mode: InterpolationMode.Bilinear,
                align_corners: false
            );
            picture = functional.pad(
                picture,
                [Math.Max(0, size.Width - columns), 0, Math.Max(0, size.Height - rows), 0]
            );
        }

        return (picture * Scalars.Two - Scalars.One).MoveToOuterDisposeScope();
    }

    /// <param name="picture">[batch, 3, height, width], −1 to 1.</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    /// <returns>[batch, tokens, width of the language model].</returns>
    public Tensor Look(Tensor picture, Action<string, Tensor>? seen)
    {
        using var scope = NewDisposeScope();
        var patch = _vision.Get("embeddings.patch_embedding.weight", 4);
        var map = functional.conv2d(
            picture,
            patch,
            _vision.Get("embeddings.patch_embedding.bias", 1),
            strides: [patch.shape[2], patch.shape[3]]
        );
        var side = map.shape[2];
        var places = _vision.Get("embeddings.position_embedding.weight", 2);
        if (side != map.shape[3] || places.shape[0] != side * side)
            throw new PolicyException(
                $"resize_imgs_with_padding gives {map.shape[2]} x {map.shape[3]} patches, the weights have places "
                    + $"for {places.shape[0]}: a square of another size was trained"
            );
        var x = ConvolutionLayers.ToTokens(map) + places;
        seen?.Invoke("vision.embeddings", x);
        for (var i = 0; _vision.Has($"encoder.layers.{i}.layer_norm1.weight"); i++)
        {
            x = Layer(_vision.At($"encoder.layers.{i}"), x);
            seen?.Invoke($"vision.layer{i}", x);
        }

        x = _vision.LayerNorm("post_layernorm", x, sizes.VisionEps);
        seen?.Invoke("vision.output", x);
        return _connector
            .Linear("modality_projection.proj", Shuffle(x, side), hasBias: false)
            .MoveToOuterDisposeScope();
    }

    // Cells that lie in a square become one token, row by row.
    private Tensor Shuffle(Tensor x, long side)
    {
        var (batch, channels, s) = (x.shape[0], x.shape[2], sizes.Shuffle);
        var cells = x.reshape(batch, side / s, s, side / s, s, channels);
        return cells.permute(0, 1, 3, 2, 4, 5).reshape(batch, side / s * (side / s), s * s * channels);
    }

    private Tensor Layer(ModelWeights layer, Tensor x)
    {
        using var scope = NewDisposeScope();
        var given = layer.LayerNorm("layer_norm1", x, sizes.VisionEps);
        var mixed = Attention.Attend(Project("q_proj"), Project("k_proj"), Project("v_proj"), sizes.VisionHeads);
        x = x + layer.Linear("self_attn.out_proj", mixed, hasBias: true);
        var hidden = Gelu.Tanh(
            layer.Linear("mlp.fc1", layer.LayerNorm("layer_norm2", x, sizes.VisionEps), hasBias: true)
        );
        return (x + layer.Linear("mlp.fc2", hidden, hasBias: true)).MoveToOuterDisposeScope();

        Tensor Project(string name) => layer.Linear($"self_attn.{name}", given, hasBias: true);
    }
}
