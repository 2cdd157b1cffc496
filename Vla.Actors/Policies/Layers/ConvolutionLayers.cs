using TorchSharp;
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

    /// <summary>What a convolution without bias gives, as the layer itself would.</summary>
    /// <remarks>
    /// Small maps are a matrix product: Torch would ask NNPACK, which says on standard error, each time, that it cannot
    /// be used on this or that processor.
    /// </remarks>
    public static Tensor Convolve(Conv2d layer, Tensor x)
    {
        var weight = layer.weight!;
        var (outputs, size, stride) = (weight.shape[0], weight.shape[2], layer.stride![0]);
        if (!IsSmall(x, size))
            return layer.call(x);
        using var scope = NewDisposeScope();
        var (rows, columns) = ((x.shape[2] + stride - 1) / stride, (x.shape[3] + stride - 1) / stride);
        var patches = functional.unfold(x.contiguous(), size, padding: size / 2, stride: stride);
        var cells = functional.linear(patches.transpose(1, 2), weight.reshape(outputs, -1));
        return cells.reshape(1, rows, columns, outputs).permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>A convolution of what is padded already.</summary>
    /// <param name="x">[batch, inputs, height, width].</param>
    /// <param name="weight">[outputs, inputs, size, size].</param>
    /// <param name="stride">Every how many rows and columns.</param>
    public static Tensor Plain(Tensor x, Tensor weight, int stride)
    {
        var (outputs, size) = (weight.shape[0], weight.shape[2]);
        if (!IsSmall(x, size))
            return functional.conv2d(x, weight, strides: [stride, stride]);
        using var scope = NewDisposeScope();
        var (rows, columns) = ((x.shape[2] - size) / stride + 1, (x.shape[3] - size) / stride + 1);
        var patches = functional.unfold(x.contiguous(), size, stride: stride);
        return functional
            .linear(patches.transpose(1, 2), weight.reshape(outputs, -1))
            .transpose(1, 2)
            .reshape(x.shape[0], outputs, rows, columns)
            .MoveToOuterDisposeScope();
    }

    /// <summary>A convolution of each channel by itself, of what is padded already.</summary>
    /// <param name="x">[batch, channels, height, width], padded.</param>
    /// <param name="weight">[channels, 1, size, size].</param>
    /// <param name="stride">Every how many rows and columns.</param>
    public static Tensor Depthwise(Tensor x, Tensor weight, int stride)
    {
        var (channels, size) = (x.shape[1], weight.shape[2]);
        if (!IsSmall(x, size))
            return functional.conv2d(x, weight, strides: [stride, stride], groups: channels);
        using var scope = NewDisposeScope();
        var (rows, columns) = ((x.shape[2] - size) / stride + 1, (x.shape[3] - size) / stride + 1);
        var patches = functional.unfold(x.contiguous(), size, stride: stride);
        return (patches.reshape(x.shape[0], channels, size * size, -1) * weight.reshape(1, channels, size * size, 1))
            .sum(2)
            .reshape(x.shape[0], channels, rows, columns)
            .MoveToOuterDisposeScope();
    }

    /// <summary>
    /// A convolution of 1 × 1 cells, as the linear layer that it is (<see cref="PointwiseConvolution"/>).
    /// </summary>
    /// <param name="x">[batch, inputs, height, width].</param>
    /// <param name="weight">[outputs, inputs, 1, 1].</param>
    /// <param name="bias">[outputs]; null for none.</param>
    public static Tensor Pointwise(Tensor x, Tensor weight, Tensor? bias = null)
    {
        using var scope = NewDisposeScope();
        return functional
            .linear(x.permute(0, 2, 3, 1), weight.flatten(1), bias)
            .permute(0, 3, 1, 2)
            .MoveToOuterDisposeScope();
    }

    // As Torch asks itself whether oneDNN is worth it.
    private static bool IsSmall(Tensor x, long size)
    {
        const int oneDnnFrom = 20_480;
        return x.device_type == DeviceType.CPU && x.numel() <= oneDnnFrom && x.shape[0] == 1 && size <= 3;
    }

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
