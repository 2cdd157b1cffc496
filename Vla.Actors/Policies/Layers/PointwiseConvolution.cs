using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Layers;

/// <summary>
/// A convolution of 1 × 1 cells, computed as the linear layer that it is; parameters as <c>Conv2d</c> has them.
/// </summary>
/// <remarks>
/// Not <c>Conv2d</c>: the oneDNN of libtorch 2.10 computes some of these wrongly on channels-last tensors (256 to 512
/// channels on a map of 6 × 8 cells, two pictures at once: off by more than the values themselves) or ends the process
/// with SIGFPE (1,024 to 2,048 channels), seen on a virtual machine that does not tell the processor's caches. A linear
/// layer was as fast on maps of a single picture.
/// </remarks>
internal sealed class PointwiseConvolution : Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly Parameter? bias;
    private readonly long _stride;

    /// <param name="inputs">Channels that go in.</param>
    /// <param name="outputs">Channels that come out.</param>
    /// <param name="stride">Every how many rows and columns.</param>
    /// <param name="hasBias">Whether a bias is added.</param>
    public PointwiseConvolution(long inputs, long outputs, long stride = 1, bool hasBias = true)
        : base(nameof(PointwiseConvolution))
    {
        _stride = stride;
        // Conv2d's own first weights.
        using var layer = Conv2d(inputs, outputs, 1, bias: hasBias);
        weight = new Parameter(layer.weight!.detach().clone());
        if (hasBias)
            bias = new Parameter(layer.bias!.detach().clone());
        RegisterComponents();
    }

    /// <param name="x">[batch, inputs, height, width].</param>
    /// <returns>[batch, outputs, height / stride, width / stride], rounded up, channels-last.</returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        if (_stride > 1)
            x = x.slice(2, 0, x.shape[2], _stride).slice(3, 0, x.shape[3], _stride);
        var cells = functional.linear(x.permute(0, 2, 3, 1), weight.flatten(1), bias);
        return cells.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }
}
