using TorchSharp.Modules;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static Vla.Actors.Policies.Layers.ConvolutionLayers;

namespace Vla.Actors.Policies.Staged.Vision;

/// <summary>
/// ResNet-18 ("Deep Residual Learning for Image Recognition", arXiv:1512.03385) with torchvision's parameter names.
/// </summary>
/// <remarks>torchvision's checkpoints load as they are; their classifier <c>fc</c> is left out.</remarks>
internal sealed class ResNet18 : Module<Tensor, Tensor>, IIgnoresWeights
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly MaxPool2d maxpool;
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly Sequential layer4;
    private readonly bool _pooled;
    private readonly GridPositions _positions;

    /// <param name="width">Channels after the first convolution, 64 in the paper; eight times as many come out.</param>
    /// <param name="pooled">Average over the picture instead of tokens.</param>
    public ResNet18(long width = 64, bool pooled = false)
        : base(nameof(ResNet18))
    {
        _pooled = pooled;
        _positions = new GridPositions(8 * width);
        conv1 = Convolution(3, width, 7, stride: 2);
        bn1 = BatchNorm2d(width);
        maxpool = MaxPool2d(3, 2, 1);
        layer1 = Layer(width, width, stride: 1);
        layer2 = Layer(width, 2 * width, stride: 2);
        layer3 = Layer(2 * width, 4 * width, stride: 2);
        layer4 = Layer(4 * width, 8 * width, stride: 2);
        RegisterComponents();
    }

    public bool Ignores(string name) => name is "fc.weight" or "fc.bias";

    /// <param name="x">Pictures [batch, 3, height, width].</param>
    /// <returns>
    /// Tokens [batch, height/32 × width/32, 8 × width], features plus the sines and cosines of where they are; pooled:
    /// [batch, 8 × width].
    /// </returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var map = Features(x);
        if (_pooled)
            return map.mean([2, 3]).MoveToOuterDisposeScope();
        return (ToTokens(map) + _positions.For(map.shape[2], map.shape[3], map.device)).MoveToOuterDisposeScope();
    }

    /// <summary>The last feature map [batch, 8 × width, height/32, width/32].</summary>
    public Tensor Features(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = maxpool.call(functional.relu(bn1.call(Convolve(conv1, x)), inplace: true));
        return layer4.call(layer3.call(layer2.call(layer1.call(x)))).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _positions.Dispose();
        base.Dispose(disposing);
    }

    private static Sequential Layer(long inputs, long outputs, long stride) =>
        Sequential(
            ("0", new BasicBlock(inputs, outputs, stride, Norm)),
            ("1", new BasicBlock(outputs, outputs, stride: 1, Norm))
        );

    private static BatchNorm2d Norm(long channels) => BatchNorm2d(channels);
}
