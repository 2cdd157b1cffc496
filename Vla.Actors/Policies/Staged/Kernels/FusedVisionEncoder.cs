using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Kernels;

/// <summary>
/// The notebook's vision encoder with its weights as they are, for running it on a CPU: the same numbers, sooner.
/// </summary>
/// <remarks>
/// <para>
/// Why not Torch's own convolutions, which <see cref="VisionEncoder"/> has for training, for GPUs and for whatever does
/// not fit here: there each layer writes a map of megabytes that the next one reads again, and every operation waits
/// for the slowest of OpenMP's threads. On 2 cores with AVX-512 a 224 × 224 picture took 2.7 ms this way, 5.5 ms in
/// Torch's layers and 3.0 ms in ONNX Runtime, by turns in one process; with AVX2 alone 6.2 ms, and 6.4 ms in Torch's
/// layers.
/// </para>
/// <para>The result does not depend on the number of threads, nor on which of them did what.</para>
/// </remarks>
internal sealed unsafe class FusedVisionEncoder : Module<Tensor, Tensor>
{
    private const int Channels = 3;

    // Two poolings, then pairs of rows; columns in the blocks of the widest vectors.
    private const int HeightMultiple = 8;
    private const int WidthMultiple = 16;
    private static readonly long[] HeightWidthChannels = [0, 2, 3, 1];

    private readonly VisionEncoder encoder;
    private readonly FusedConvolution _first,
        _second,
        _third;
    private readonly RowTeam _team;
    private Layers? _layers;

    /// <param name="inner">Owned by this module from now on; its weights must not change any more.</param>
    /// <param name="threads">That work on a picture, with the calling one.</param>
    public FusedVisionEncoder(VisionEncoder inner, int threads)
        : base(nameof(FusedVisionEncoder))
    {
        encoder = inner;
        _team = new RowTeam(threads);
        (_first, _second, _third) = (
            new FusedConvolution(inner.Convolutions[0]),
            new FusedConvolution(inner.Convolutions[1]),
            new FusedConvolution(inner.Convolutions[2])
        );
        RegisterComponents();
    }

    /// <summary>Whether this processor has what it takes.</summary>
    public static bool IsSupported => ConvolutionBlock.IsSupported;

    /// <summary>The same encoder in Torch's layers.</summary>
    public VisionEncoder Inner => encoder;

    /// <param name="x">Pictures [batch, 3, height, width]; height and width at least 4. Fused: one, of a height
    /// divisible by 8 and a width divisible by 16, in inference mode; without a copy if it lies channels-last.</param>
    /// <returns>Vision features [batch, features].</returns>
    public override Tensor forward(Tensor x)
    {
        if (!Suits(x))
            return encoder.call(x);

        _team.Wake();
        var layers = LayersFor((int)x.size(2), (int)x.size(3));
        Copy(x, layers.Picture);
        _team.Run(layers.First);
        _team.Run(layers.Second);
        _team.Run(layers.Third);
        return encoder.Head(layers.Third.Mean());
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _team.Dispose();
            _layers?.Third.Dispose();
        }

        base.Dispose(disposing);
    }

    private static void Copy(Tensor x, FeatureMap to)
    {
        using var picture = x.permute(HeightWidthChannels);
        using var moved = picture.is_contiguous() ? null : picture.contiguous();
        fixed (byte* values = (moved ?? picture).bytes)
            to.CopyFrom((float*)values);
    }

    private static bool Suits(Tensor x) =>
        x.device_type == DeviceType.CPU
        && x.dtype == ScalarType.Float32
        && is_inference_mode_enabled()
        && x.size(0) == 1
        && x.size(1) == Channels
        && x.size(2) is >= HeightMultiple and var height
        && height % HeightMultiple == 0
        && x.size(3) is >= WidthMultiple and var width
        && width % WidthMultiple == 0;

    /// <summary>Made anew when the pictures' size is another one: a camera's stays the same.</summary>
    private Layers LayersFor(int height, int width)
    {
        if (_layers is { } known && known.Picture.Height == height && known.Picture.Width == width)
            return known;

        _layers?.Third.Dispose();
        var picture = new FeatureMap(height, width, Channels);
        var half = new FeatureMap(height / 2, width / 2, _first.Outputs);
        var quarter = new FeatureMap(height / 4, width / 4, _second.Outputs);
        return _layers = new Layers(
            picture,
            new PooledLayer(_first, picture, half),
            new PooledLayer(_second, half, quarter),
            new AveragedLayer(_third, quarter)
        );
    }

    private sealed record Layers(FeatureMap Picture, PooledLayer First, PooledLayer Second, AveragedLayer Third);

    private sealed class PooledLayer(FusedConvolution convolution, FeatureMap input, FeatureMap output) : IRowWork
    {
        public int Rows => output.Height;

        public void Do(int row) => convolution.PoolRow(input, output, row);
    }

    private sealed class AveragedLayer : IRowWork, IDisposable
    {
        private readonly FusedConvolution _convolution;
        private readonly FeatureMap _input;

        // One for each pair of rows: added up in the end, always in the same order.
        private readonly AlignedFloats _sums;
        private readonly float[] _mean;
        private readonly Tensor _meanTensor;

        public AveragedLayer(FusedConvolution convolution, FeatureMap input)
        {
            (_convolution, _input) = (convolution, input);
            _sums = new AlignedFloats(Rows * convolution.Outputs);
            _mean = new float[convolution.Outputs];
            using var memory = frombuffer(_mean, ScalarType.Float32);
            _meanTensor = memory.view(1, _mean.Length).DetachFromDisposeScope();
        }

        public int Rows => _input.Height / 2;

        public void Do(int row) => _convolution.SumRows(_input, 2 * row, _sums.Start + row * _convolution.Outputs);

        /// <returns>[1, outputs]; this object's, overwritten with the next picture.</returns>
        public Tensor Mean()
        {
            Array.Clear(_mean);
            for (var row = 0; row < Rows; row++)
            {
                var sums = _sums.Span.Slice(row * _mean.Length, _mean.Length);
                for (var i = 0; i < _mean.Length; i++)
                    _mean[i] += sums[i];
            }

            for (var i = 0; i < _mean.Length; i++)
                _mean[i] /= _input.Height * _input.Width;
            return _meanTensor;
        }

        public void Dispose() => _meanTensor.Dispose();
    }
}
