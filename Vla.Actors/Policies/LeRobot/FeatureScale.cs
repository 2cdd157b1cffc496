using System.Runtime.InteropServices;
using TorchSharp;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.LeRobot;

/// <summary>
/// The scale of one feature: from what a robot or camera gives to what a model computes in, and back.
/// </summary>
/// <remarks>
/// With <see cref="ScaleMode.MeanStd"/> (x − mean) / (std + eps) and back x · std + mean; with the others
/// 2 (x − low) / (high − low) − 1 and back, where a range of 0 counts as eps. Nothing is cut off.
/// </remarks>
internal sealed class FeatureScale : IDisposable
{
    private readonly Tensor _low;
    private readonly Tensor _divisor;
    private readonly Tensor _span;
    private readonly bool _symmetric;

    private FeatureScale(Tensor low, Tensor divisor, Tensor span, bool symmetric) =>
        (_low, _divisor, _span, _symmetric) = (low, divisor, span, symmetric);

    /// <param name="mode">Not <see cref="ScaleMode.Identity"/>.</param>
    /// <param name="low">Mean or lower end, [count] or [channels, 1, 1]; not kept.</param>
    /// <param name="high">Standard deviation or upper end, of the same shape; not kept.</param>
    /// <param name="eps">LeRobot's small number, 1e-8.</param>
    /// <param name="older">True for the format before processor files, which adds eps to every range.</param>
    /// <param name="device">Where it is used.</param>
    public static FeatureScale Create(ScaleMode mode, Tensor low, Tensor high, double eps, bool older, Device device)
    {
        using var scope = NewDisposeScope();
        using Scalar small = eps;
        var from = low.to_type(ScalarType.Float32);
        var to = high.to_type(ScalarType.Float32);
        if (mode == ScaleMode.MeanStd)
            return Keep(from, to + small, to, symmetric: false);

        var range = to - from;
        if (older)
            return Keep(from, range + small, range, symmetric: true);
        var sound = where(range.eq(Scalars.Zero), full_like(range, small), range);
        return Keep(from, sound, sound, symmetric: true);

        FeatureScale Keep(Tensor start, Tensor divisor, Tensor span, bool symmetric) =>
            new(Own(start), Own(divisor), Own(span), symmetric);

        Tensor Own(Tensor tensor) => tensor.clone().to(device).DetachFromDisposeScope();
    }

    /// <param name="values">As they were measured, [batch, …].</param>
    public Tensor Normalise(Tensor values)
    {
        using var scope = NewDisposeScope();
        var scaled = (values - _low) / _divisor;
        return (_symmetric ? Scalars.Two * scaled - Scalars.One : scaled).MoveToOuterDisposeScope();
    }

    /// <param name="values">As the model gives them, [batch, …].</param>
    public Tensor Unnormalise(Tensor values)
    {
        using var scope = NewDisposeScope();
        var unit = _symmetric ? (values + Scalars.One) / Scalars.Two : values;
        return (unit * _span + _low).MoveToOuterDisposeScope();
    }

    /// <summary>The same for inputs as (x − mean) / std: a mean and a std for each number or colour.</summary>
    public (float[] Mean, float[] Std) AsInput()
    {
        using var scope = NewDisposeScope();
        return _symmetric
            ? (Values(_low + _divisor / Scalars.Two), Values(_divisor / Scalars.Two))
            : (Values(_low), Values(_divisor));
    }

    /// <summary>The same for outputs as x · std + mean.</summary>
    public (float[] Mean, float[] Std) AsOutput()
    {
        using var scope = NewDisposeScope();
        return _symmetric
            ? (Values(_low + _span / Scalars.Two), Values(_span / Scalars.Two))
            : (Values(_low), Values(_span));
    }

    public void Dispose()
    {
        _low.Dispose();
        _divisor.Dispose();
        _span.Dispose();
    }

    private static float[] Values(Tensor tensor)
    {
        using var plain = tensor.cpu().contiguous();
        return MemoryMarshal.Cast<byte, float>(plain.bytes).ToArray();
    }
}
