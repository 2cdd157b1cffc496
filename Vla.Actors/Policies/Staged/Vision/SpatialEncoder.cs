using TorchSharp.Modules;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static Vla.Actors.Policies.Layers.ConvolutionLayers;

namespace Vla.Actors.Policies.Staged.Vision;

/// <summary>
/// A small encoder that keeps where things are: five convolutions, a token for each of the 8 × 8-pixel cells.
/// </summary>
internal sealed class SpatialEncoder : Module<Tensor, Tensor>
{
    private const long Width = 24;

    private readonly Sequential stem;
    private readonly ResidualConvolution residual1;
    private readonly ResidualConvolution residual2;
    private readonly Conv2d project;
    private readonly LayerNorm norm;
    private readonly Linear position;
    private readonly GridPositions _positions;

    /// <param name="dim">Size of a token, a multiple of 4.</param>
    public SpatialEncoder(long dim = 96)
        : base(nameof(SpatialEncoder))
    {
        stem = Sequential(
            ("0", Convolution(3, Width, 3, stride: 2)),
            ("1", BatchNorm2d(Width)),
            ("2", ReLU(inplace: true)),
            ("3", Convolution(Width, 2 * Width, 3, stride: 2)),
            ("4", BatchNorm2d(2 * Width)),
            ("5", ReLU(inplace: true)),
            ("6", Convolution(2 * Width, 4 * Width, 3, stride: 2)),
            ("7", BatchNorm2d(4 * Width)),
            ("8", ReLU(inplace: true))
        );
        residual1 = new ResidualConvolution(4 * Width);
        residual2 = new ResidualConvolution(4 * Width);
        project = ChannelsLast(Conv2d(4 * Width, dim, 1));
        norm = LayerNorm(dim);
        position = Linear(dim, dim);
        _positions = new GridPositions(dim);
        RegisterComponents();
    }

    /// <param name="x">Pictures [batch, 3, height, width].</param>
    /// <returns>Tokens [batch, height/8 × width/8, dim], row by row: what a cell shows plus where it is.</returns>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var map = residual2.call(residual1.call(stem.call(x)));
        // What a 1 × 1 convolution is. As one, on a single thread, Torch would hand it to NNPACK, which complains on
        // standard error at every picture where the processor is not among those it knows.
        var tokens = functional.linear(ToTokens(map), project.weight!.flatten(1), project.bias);
        var where = position.call(_positions.For(map.shape[2], map.shape[3], map.device));
        return (norm.call(tokens) + where).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _positions.Dispose();
        base.Dispose(disposing);
    }

    private sealed class ResidualConvolution : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv;
        private readonly BatchNorm2d bn;

        public ResidualConvolution(long channels)
            : base(nameof(ResidualConvolution))
        {
            conv = Convolution(channels, channels, 3);
            bn = BatchNorm2d(channels);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return functional.relu(x + bn.call(conv.call(x)), inplace: true).MoveToOuterDisposeScope();
        }
    }
}
