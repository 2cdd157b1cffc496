using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static Vla.Actors.Policies.Layers.ConvolutionLayers;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// The notebook's vision encoder (section 2.1): three convolutions, global average pooling, a linear layer.
/// </summary>
/// <remarks>
/// Weights lie channels-last, so a CPU reorders nothing between layers; pictures that lie channels-last as well go in
/// without being reordered. The layers are gone through by hand, so that memory is let go of in between, and a ReLU
/// comes after the pooling that follows it: the greatest of four values cut off at zero is the same either way, and
/// there is a quarter left to cut off.
/// </remarks>
public sealed class VisionEncoder : Module<Tensor, Tensor>
{
    // Stride, padding and dilation of every convolution.
    private static readonly long[] One = [1, 1];
    private static readonly long[] RowsAndColumns = [2, 3];

    private readonly Sequential conv_layers;
    private readonly Linear fc;

    // The convolutions among the layers. In an array: a field of its own would be registered as a further part.
    private readonly Conv2d[] _convolutions;

    /// <param name="featureDim">Features that come out.</param>
    public VisionEncoder(long featureDim = 128)
        : base(nameof(VisionEncoder))
    {
        _convolutions =
        [
            ChannelsLast(Conv2d(3, 32, 3, padding: 1)),
            ChannelsLast(Conv2d(32, 64, 3, padding: 1)),
            ChannelsLast(Conv2d(64, 128, 3, padding: 1)),
        ];
        conv_layers = Sequential(
            ("0", _convolutions[0]),
            ("1", ReLU(inplace: true)),
            ("2", MaxPool2d(2)),
            ("3", _convolutions[1]),
            ("4", ReLU(inplace: true)),
            ("5", MaxPool2d(2)),
            ("6", _convolutions[2]),
            ("7", ReLU(inplace: true)),
            ("8", AdaptiveAvgPool2d([1, 1])),
            ("9", Flatten())
        );
        fc = Linear(128, featureDim);
        RegisterComponents();
    }

    /// <summary>The three convolutions, first to last.</summary>
    internal IReadOnlyList<Conv2d> Convolutions => _convolutions;

    /// <param name="x">Pictures [batch, 3, height, width]; height and width at least 4.</param>
    /// <returns>Vision features [batch, featureDim].</returns>
    public override Tensor forward(Tensor x)
    {
        // Each is let go of as soon as it has been used: the next layer finds the memory still in the cache.
        using var full = Convolve(0, x);
        using var first = functional.max_pool2d(full, 2).relu_();
        full.Dispose();
        using var half = Convolve(1, first);
        using var second = functional.max_pool2d(half, 2).relu_();
        half.Dispose();
        using var third = Convolve(2, second).relu_();
        using var pooled = third.mean(RowsAndColumns);
        return Head(pooled);
    }

    /// <summary>The last layer.</summary>
    /// <param name="pooled">[batch, 128], the means of the last convolution's outputs.</param>
    /// <returns>[batch, featureDim].</returns>
    internal Tensor Head(Tensor pooled) => fc.call(pooled);

    // Not the layer's own call, which takes the shape apart in arrays of its own every time.
    private Tensor Convolve(int layer, Tensor x) =>
        functional.conv2d(x, _convolutions[layer].weight!, _convolutions[layer].bias, One, One, One);
}
