using System.Globalization;
using TorchSharp;
using TorchSharp.Modules;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static Vla.Actors.Policies.Layers.ConvolutionLayers;

namespace Vla.Actors.Policies.Act.Modules;

/// <summary>
/// A ResNet of basic blocks with frozen norms, without pooling and classifier, as torchvision names it.
/// </summary>
/// <remarks>
/// Its widths and depths come from the weights: a checkpoint may be narrower than the name in its file says.
/// </remarks>
internal sealed class ActBackbone : Module<Tensor, Tensor>, IIgnoresWeights
{
    private const int LayerCount = 4;
    private const int Reduction = 32;

    private readonly Conv2d conv1;
    private readonly FrozenBatchNorm bn1;
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly Sequential layer4;

    /// <param name="width">Channels after the first convolution, 64 in the paper.</param>
    public ActBackbone(long width)
        : this(width, [.. Enumerable.Range(0, LayerCount).Select(i => (width << i, 2))]) { }

    private ActBackbone(long width, IReadOnlyList<(long Channels, int Blocks)> layers)
        : base(nameof(ActBackbone))
    {
        conv1 = Convolution(3, width, 7, stride: 2);
        bn1 = new FrozenBatchNorm(width);
        layer1 = Layer(width, layers[0], stride: 1);
        layer2 = Layer(layers[0].Channels, layers[1], stride: 2);
        layer3 = Layer(layers[1].Channels, layers[2], stride: 2);
        layer4 = Layer(layers[2].Channels, layers[3], stride: 2);
        Channels = layers[3].Channels;
        RegisterComponents();
    }

    /// <summary>Rows of the last feature map for a picture of so many rows, and columns for columns.</summary>
    public static int Cells(int pixels) => (pixels + Reduction - 1) / Reduction;

    /// <summary>Channels of the last feature map.</summary>
    public long Channels { get; }

    /// <summary>The backbone that fits a checkpoint's shapes; its weights are not loaded yet.</summary>
    /// <param name="weights">Of the whole policy.</param>
    /// <param name="prefix">What comes before the backbone's names.</param>
    /// <exception cref="PolicyException">There is no such backbone in it.</exception>
    public static ActBackbone For(Checkpoint weights, string prefix)
    {
        if (weights.Tensors.ContainsKey($"{prefix}layer1.0.conv3.weight"))
        {
            throw new PolicyException(
                $"{weights.Path}: its backbone has bottleneck blocks, as ResNet-50 does ({prefix}layer1.0.conv3): "
                    + "ResNet-18 and ResNet-34 are read"
            );
        }

        return new ActBackbone(
            Outputs("conv1"),
            [.. Enumerable.Range(1, LayerCount).Select(i => (Outputs($"layer{i}.0.conv1"), Blocks(i)))]
        );

        long Outputs(string name) =>
            weights.Tensors.TryGetValue($"{prefix}{name}.weight", out var tensor) && tensor.Shape.Count == 4
                ? tensor.Shape[0]
                : throw new PolicyException(
                    $"{weights.Path}: has no {prefix}{name}.weight with four sizes, so its backbone is no ResNet"
                );

        int Blocks(int layer)
        {
            var count = 1;
            while (weights.Tensors.ContainsKey($"{prefix}layer{layer}.{count}.conv1.weight"))
                count++;
            return count;
        }
    }

    public bool Ignores(string name) =>
        name is "fc.weight" or "fc.bias" || name.EndsWith(".num_batches_tracked", StringComparison.Ordinal);

    /// <summary>
    /// Sets the frozen norms by pictures, one after the other: for a backbone that nobody has trained before.
    /// </summary>
    /// <param name="x">Enough of them to stand for all, [batch, 3, height, width], normalised.</param>
    public void Calibrate(Tensor x)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        foreach (var norm in Norms)
            norm.IsCalibrating = true;
        call(x);
        foreach (var norm in Norms)
            norm.IsCalibrating = false;
    }

    private IEnumerable<FrozenBatchNorm> Norms => modules().OfType<FrozenBatchNorm>();

    /// <param name="x">Pictures [batch, 3, height, width].</param>
    /// <returns>[batch, channels, height / 32, width / 32], each rounded up.</returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return Steps(x)[^1].MoveToOuterDisposeScope();
    }

    /// <summary>What comes out of the stem and of each of the four layers.</summary>
    public Tensor[] Steps(Tensor x)
    {
        using var scope = NewDisposeScope();
        var steps = new Tensor[LayerCount + 1];
        steps[0] = functional.max_pool2d(functional.relu(bn1.call(Convolve(conv1, x)), inplace: true), 3, 2, 1);
        Sequential[] layers = [layer1, layer2, layer3, layer4];
        for (var i = 0; i < LayerCount; i++)
            steps[i + 1] = layers[i].call(steps[i]);
        foreach (var step in steps)
            step.MoveToOuterDisposeScope();
        return steps;
    }

    private static Sequential Layer(long inputs, (long Channels, int Blocks) layer, long stride) =>
        Sequential([
            .. Enumerable
                .Range(0, layer.Blocks)
                .Select(i =>
                    (
                        i.ToString(CultureInfo.InvariantCulture),
                        (Module<Tensor, Tensor>)
                            new BasicBlock(
                                i == 0 ? inputs : layer.Channels,
                                layer.Channels,
                                i == 0 ? stride : 1,
                                width => new FrozenBatchNorm(width)
                            )
                    )
                ),
        ]);

    /// <summary>
    /// Batch normalisation whose statistics do not change, as torchvision's FrozenBatchNorm2d: all four are buffers.
    /// </summary>
    private sealed class FrozenBatchNorm : Module<Tensor, Tensor>
    {
        private const double Epsilon = 1e-5;
        private const double LeastVariance = 1e-2;

        private readonly Tensor weight;
        private readonly Tensor bias;
        private readonly Tensor running_mean;
        private readonly Tensor running_var;

        public FrozenBatchNorm(long channels)
            : base(nameof(FrozenBatchNorm))
        {
            weight = ones(channels);
            bias = zeros(channels);
            running_mean = zeros(channels);
            running_var = ones(channels);
            RegisterComponents();
        }

        /// <summary>Whether what comes next sets mean and variance.</summary>
        public bool IsCalibrating { get; set; }

        public override Tensor forward(Tensor x)
        {
            if (IsCalibrating)
            {
                // A channel that shows nothing yet is not blown up.
                using Scalar least = LeastVariance;
                using var scope = NewDisposeScope();
                var mean = x.mean([0, 2, 3], keepdim: true);
                running_mean.copy_(mean.flatten());
                var off = x - mean;
                running_var.copy_((off * off).mean([0, 2, 3]).clamp_min(least));
            }

            return functional.batch_norm(x, running_mean, running_var, weight, bias, training: false, eps: Epsilon);
        }
    }
}
