using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Layers;

/// <summary>
/// Convolutions whose weights lie channels-last, so that nothing is reordered between layers on a CPU.
/// </summary>
internal static class ConvolutionLayers
{
    /// <summary>A convolution without bias, for a batch normalisation to follow.</summary>
    public static Conv2d Convolution(long inputs, long outputs, long size, long stride = 1) =>
        ChannelsLast(Conv2d(inputs, outputs, size, stride, padding: size / 2, bias: false));

    /// <summary>The same layer with its weights laid channels-last.</summary>
    public static Conv2d ChannelsLast(Conv2d layer)
    {
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        // Memory of its own, not a view of other memory: an optimizer could not write to a view made without gradients.
        var (inputs, rows, columns) = (layer.weight!.shape[1], layer.weight.shape[2], layer.weight.shape[3]);
        var weight = empty_strided(layer.weight.shape, [inputs * rows * columns, 1, columns * inputs, inputs])
            .copy_(layer.weight);
        layer.weight = (Parameter)new Parameter(weight).MoveToOuterDisposeScope();
        return layer;
    }

    /// <summary>
    /// A picture or feature map [batch, channels, height, width] as tokens [batch, height × width, channels], row by
    /// row.
    /// </summary>
    public static Tensor ToTokens(Tensor map) => map.flatten(2).transpose(1, 2);
}
