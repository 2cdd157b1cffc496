using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static Vla.Actors.Policies.Layers.ConvolutionLayers;

namespace Vla.Actors.Policies.Layers;

/// <summary>
/// Two convolutions and the way around them ("Deep Residual Learning", arXiv:1512.03385, figure 2), with torchvision's
/// names.
/// </summary>
internal sealed class BasicBlock : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly Module<Tensor, Tensor> bn1;
    private readonly Conv2d conv2;
    private readonly Module<Tensor, Tensor> bn2;
    private readonly Sequential? downsample;

    /// <param name="inputs">Channels that go in.</param>
    /// <param name="outputs">Channels that come out.</param>
    /// <param name="stride">Every how many rows and columns.</param>
    /// <param name="norm">Makes a normalisation of so many channels.</param>
    public BasicBlock(long inputs, long outputs, long stride, Func<long, Module<Tensor, Tensor>> norm)
        : base(nameof(BasicBlock))
    {
        conv1 = Convolution(inputs, outputs, 3, stride);
        bn1 = norm(outputs);
        conv2 = Convolution(outputs, outputs, 3);
        bn2 = norm(outputs);
        if (stride > 1 || inputs != outputs)
        {
            downsample = Sequential(
                ("0", new PointwiseConvolution(inputs, outputs, stride, hasBias: false)),
                ("1", norm(outputs))
            );
        }

        RegisterComponents();
    }

    /// <param name="x">[batch, inputs, height, width].</param>
    /// <returns>[batch, outputs, height / stride, width / stride], rounded up.</returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var residual = functional.relu(bn1.call(Convolve(conv1, x)), inplace: true);
        residual = bn2.call(Convolve(conv2, residual));
        return functional.relu(residual.add_(downsample?.call(x) ?? x), inplace: true).MoveToOuterDisposeScope();
    }
}
