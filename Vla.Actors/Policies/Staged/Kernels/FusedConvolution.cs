using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Staged.Kernels;

/// <summary>
/// A 3 × 3 convolution with a ReLU and the pooling that follows it, in one pass: what lies between them never gets into
/// memory.
/// </summary>
internal sealed unsafe class FusedConvolution
{
    private const int Side = 3;

    private readonly int _inputs;
    private readonly AlignedFloats _weights;
    private readonly AlignedFloats _bias;

    /// <param name="layer">3 × 3, step 1, padding 1, with a bias; its weights are copied as they are now.</param>
    public FusedConvolution(Conv2d layer)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var shape = layer.weight!.shape;
        (Outputs, _inputs) = ((int)shape[0], (int)shape[1]);
        var groups = Outputs / ConvolutionBlock.Outputs;

        // [outputs, inputs, 3, 3] → [groups of 32][3, 3, inputs][32]: in the order in which a block wants them.
        _weights = Aligned(
            layer.weight.view(groups, ConvolutionBlock.Outputs, _inputs, Side, Side).permute(0, 3, 4, 2, 1)
        );
        _bias = Aligned(layer.bias!);
    }

    public int Outputs { get; }

    /// <summary>Of two rows after ReLU the greatest of each 2 × 2 places: one row of the result.</summary>
    /// <param name="input">[2 × height, 2 × width, inputs].</param>
    /// <param name="output">[height, width, outputs].</param>
    /// <param name="row">Of the result.</param>
    public void PoolRow(FeatureMap input, FeatureMap output, int row) =>
        TwoRows(input, 2 * row, output.Row(row), Outputs, pooled: true);

    /// <summary>The sum of two rows after ReLU.</summary>
    /// <param name="input">[height, width, inputs].</param>
    /// <param name="row">The upper one.</param>
    /// <param name="sums">[outputs].</param>
    public void SumRows(FeatureMap input, int row, float* sums)
    {
        new Span<float>(sums, Outputs).Clear();
        TwoRows(input, row, sums, placeLength: 0, pooled: false);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TwoRows(FeatureMap input, int row, float* result, int placeLength, bool pooled)
    {
        var from = input.Around(row);
        for (var group = 0; group < Outputs; group += ConvolutionBlock.Outputs)
        {
            for (var column = 0; column < input.Width; column += ConvolutionBlock.Columns)
            {
                ConvolutionBlock.Run(
                    from + column * _inputs,
                    input.RowLength,
                    _inputs,
                    Weights(group),
                    _bias.Start + group,
                    result + column / 2 * placeLength + group,
                    placeLength,
                    pooled
                );
            }
        }

        GC.KeepAlive(this);
    }

    private float* Weights(int firstOutput) => _weights.Start + firstOutput * Side * Side * _inputs;

    private static AlignedFloats Aligned(Tensor values)
    {
        var numbers = values.cpu().contiguous().data<float>();
        var aligned = new AlignedFloats((int)numbers.Count);
        numbers.CopyTo(aligned.Span);
        return aligned;
    }
}
