using TorchSharp;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Layers;

public sealed class ConvolveTests
{
    [Theory]
    [InlineData(4, 8, 3, 1, 7, 5)]
    [InlineData(4, 8, 3, 2, 7, 6)]
    [InlineData(8, 4, 1, 1, 3, 4)]
    public void A_small_map_gives_what_the_layer_gives(
        int inputs,
        int outputs,
        int size,
        int stride,
        int rows,
        int columns
    )
    {
        using var scope = NewDisposeScope();
        using var layer = ConvolutionLayers.Convolution(inputs, outputs, size, stride);
        var x = rand(1, inputs, rows, columns);

        var convolved = ConvolutionLayers.Convolve(layer, x);

        // Two at once are Torch's own way.
        var expected = layer.call(cat([x, x], 0)).narrow(0, 0, 1);
        Assert.Equal(expected.shape, convolved.shape);
        Assert.True(allclose(expected, convolved, rtol: 0, atol: 1e-5));
    }

    [Fact]
    public void A_small_map_teaches_the_weights_all_the_same()
    {
        using var scope = NewDisposeScope();
        using var layer = ConvolutionLayers.Convolution(2, 3, 3);

        ConvolutionLayers.Convolve(layer, rand(1, 2, 4, 4)).sum().backward();

        Assert.True(layer.weight!.grad!.abs().sum().ToSingle() > 0);
    }
}
