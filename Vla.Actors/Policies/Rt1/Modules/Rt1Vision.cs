using Vla.Actors.Policies.Layers;
using Vla.Actors.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Rt1.Modules;

/// <summary>
/// RT-1's eyes: an EfficientNet whose every block is tuned by the instruction's vector (FiLM, arXiv:1709.07871), and a
/// TokenLearner (arXiv:2106.11297) that makes a few tokens of its cells.
/// </summary>
internal sealed class Rt1Vision(ModelWeights weights, Rt1Config config)
{
    /// <summary>Of the usual EfficientNet: kernel, repeats, width in and out, expansion, stride.</summary>
    private static readonly (int Kernel, int Repeats, int In, int Out, int Expand, int Stride)[] Stages =
    [
        (3, 1, 32, 16, 1, 1),
        (3, 2, 16, 24, 6, 2),
        (5, 2, 24, 40, 6, 2),
        (3, 3, 40, 80, 6, 2),
        (5, 3, 80, 112, 6, 1),
        (5, 4, 112, 192, 6, 2),
        (3, 1, 192, 320, 6, 1),
    ];

    private readonly ModelWeights _encoder = weights.At("image_tokenizer.tokenizer");
    private readonly ModelWeights _net = weights.At("image_tokenizer.tokenizer.net");
    private readonly ModelWeights _learner = weights.At("image_tokenizer.token_learner");

    /// <param name="pictures">[batch, 3, size, size], normalised.</param>
    /// <param name="context">The instruction's vector for each, [batch, context].</param>
    /// <param name="seen">Is told each step by name; null when nobody looks.</param>
    /// <returns>[batch, tokens, token size].</returns>
    public Tensor Look(Tensor pictures, Tensor context, Action<string, Tensor>? seen)
    {
        using var scope = NewDisposeScope();
        var x = Swish(Norm(_net, "stem_bn", Convolve(_net, "stem_conv", pictures, stride: 2)));
        seen?.Invoke("stem", x);
        foreach (var (i, stage) in Stages.Index())
        {
            var repeats = (int)Math.Ceiling(config.Depth * stage.Repeats);
            for (var repeat = 0; repeat < repeats; repeat++)
            {
                var name = $"block{i + 1}{(char)('a' + repeat)}";
                x = Block(_net.At(name), x, context, stage.Kernel, repeat == 0 ? stage.Stride : 1);
                seen?.Invoke(name, x);
            }
        }

        x = Swish(Norm(_net, "top_bn", ConvolutionLayers.Pointwise(x, _net.Get("top_conv.weight", 4))));
        seen?.Invoke("top", x);
        x = ConvolutionLayers.Pointwise(x, _encoder.Get("conv1x1.weight", 4));
        seen?.Invoke("conv1x1", x);
        x = Film(_encoder, "film_layer", x, context);
        seen?.Invoke("features", x);
        return Learn(ConvolutionLayers.ToTokens(x), seen).MoveToOuterDisposeScope();
    }

    private Tensor Block(ModelWeights block, Tensor given, Tensor context, int kernel, int stride)
    {
        using var scope = NewDisposeScope();
        var x = given;
        if (block.Has("expand_conv.weight"))
            x = Swish(Norm(block, "expand_bn", ConvolutionLayers.Pointwise(x, block.Get("expand_conv.weight", 4))));
        x = Swish(Norm(block, "bn", Convolve(block, "dwconv", x, stride, isDepthwise: true, kernel)));
        var squeezed = x.mean([2, 3], keepdim: true);
        var inner = Swish(
            ConvolutionLayers.Pointwise(squeezed, block.Get("se_reduce.weight", 4), block.Get("se_reduce.bias", 1))
        );
        x =
            x
            * ConvolutionLayers
                .Pointwise(inner, block.Get("se_expand.weight", 4), block.Get("se_expand.bias", 1))
                .sigmoid();
        x = Norm(block, "project_bn", ConvolutionLayers.Pointwise(x, block.Get("project_conv.weight", 4)));
        if (stride == 1 && x.shape[1] == given.shape[1])
            x = x + given;
        return Film(block, "film", x, context).MoveToOuterDisposeScope();
    }

    // With a stride of 2 the original pads for an even size, whatever the size is.
    private static Tensor Convolve(
        ModelWeights at,
        string name,
        Tensor x,
        int stride,
        bool isDepthwise = false,
        int? kernel = null
    )
    {
        using var scope = NewDisposeScope();
        var weight = at.Get($"{name}.weight", 4);
        var size = kernel ?? weight.shape[2];
        if (weight.shape[2] != size || weight.shape[3] != size)
            throw new PolicyException(
                $"{at.NameOf(name)}.weight has a kernel of {weight.shape[2]}, expected is {size}"
            );
        var half = size / 2;
        var before = stride == 2 ? half - 1 : half;
        var padded = functional.pad(x, [before, half, before, half]);
        return (
            isDepthwise
                ? ConvolutionLayers.Depthwise(padded, weight, stride)
                : ConvolutionLayers.Plain(padded, weight, stride)
        ).MoveToOuterDisposeScope();
    }

    private Tensor Norm(ModelWeights at, string name, Tensor x) =>
        functional.batch_norm(
            x,
            at.Get($"{name}.running_mean", 1),
            at.Get($"{name}.running_var", 1),
            at.Get($"{name}.weight", 1),
            at.Get($"{name}.bias", 1),
            training: false,
            eps: config.BatchNormEps
        );

    private static Tensor Swish(Tensor x) => functional.silu(x);

    private static Tensor Film(ModelWeights at, string name, Tensor x, Tensor context)
    {
        using var scope = NewDisposeScope();
        var times = Of("projection_mult");
        return ((times + Scalars.One) * x + Of("projection_add")).MoveToOuterDisposeScope();

        Tensor Of(string part) => at.Linear($"{name}.{part}", context, hasBias: true).unsqueeze(2).unsqueeze(3);
    }

    private Tensor Learn(Tensor cells, Action<string, Tensor>? seen)
    {
        var hidden = _learner.Linear(
            "mlp.hidden_dense",
            _learner.LayerNorm("layernorm", cells, config.NormEps),
            hasBias: true
        );
        var shares = _learner.Linear("mlp.final_dense", Gelu.Tanh(hidden), hasBias: true);
        var attention = functional.softmax(shares.transpose(1, 2), 2);
        seen?.Invoke("attention", attention);
        return attention.bmm(cells);
    }
}
