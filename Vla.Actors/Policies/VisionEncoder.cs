using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static Vla.Actors.Policies.Layers.ConvolutionLayers;

namespace Vla.Actors.Policies;

/// <summary>The notebook's vision encoder (section 2.1): three convolutions, global average pooling, a linear layer.</summary>
/// <remarks>
/// <para>
/// The same numbers as the notebook's in less than half the time on a CPU. Weights lie channels-last, so nothing is
/// reordered between layers; pictures that lie channels-last as well go in without a copy.
/// </para>
/// <para>
/// The layers are gone through by hand. A ReLU comes after the pooling that follows it: the greatest of four values cut
/// off at zero is the same either way, and there is a quarter left to cut off. Pooling is the maximum of neighbours:
/// Torch's own max-pooling also writes down where each maximum was, which only training needs, and takes 2 to 3 times
/// as long.
/// </para>
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
            ("9", Flatten()));
        fc = Linear(128, featureDim);
        RegisterComponents();
    }

    /// <param name="x">Pictures [batch, 3, height, width]; height and width at least 4.</param>
    /// <returns>Vision features [batch, featureDim].</returns>
    public override Tensor forward(Tensor x)
    {
        using var first = Layer(_convolutions[0], x);
        using var second = Layer(_convolutions[1], first);
        using var third = Convolve(_convolutions[2], second);
        using var pooled = third.relu_().mean(RowsAndColumns);
        return fc.call(pooled);
    }

    private static Tensor Layer(Conv2d convolution, Tensor x)
    {
        // Let go of at once, here and below: the next layer finds the memory still in the cache.
        using var full = Convolve(convolution, x);
        return HalfSize(full).relu_();
    }

    // Not the layer's own call, which takes the shape apart in arrays of its own every time.
    private static Tensor Convolve(Conv2d convolution, Tensor x)
        => functional.conv2d(x, convolution.weight!, convolution.bias, One, One, One);

    /// <summary>The greatest of each 2 × 2 pixels; an odd last row or column is left out.</summary>
    private static Tensor HalfSize(Tensor x)
    {
        // Rows first: whole rows lie one after another in memory.
        using var rows = GreaterNeighbour(x, 2);
        return GreaterNeighbour(rows, 3);
    }

    private static Tensor GreaterNeighbour(Tensor x, int dimension)
    {
        var even = x.size(dimension) / 2 * 2;
        using var first = x.slice(dimension, 0, even, 2);
        using var second = x.slice(dimension, 1, even, 2);
        return first.maximum(second);
    }
}
