using TorchSharp;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Layers;

/// <summary>
/// Turns the numbers of each head by the token's place, the first half against the second ("RoFormer",
/// arXiv:2104.09864, as Llama has it).
/// </summary>
/// <remarks>Sines and cosines are made once for all layers of a pass; they are the caller's scope's.</remarks>
/// <param name="Sine">[batch, length, 1, size / 2].</param>
/// <param name="Cosine">[batch, length, 1, size / 2].</param>
internal sealed record Rotation(Tensor Sine, Tensor Cosine)
{
    /// <summary>The usual longest wave.</summary>
    public const double UsualWavelength = 10_000;

    /// <param name="positions">[batch, length], int64.</param>
    /// <param name="size">Numbers of a head.</param>
    /// <param name="wavelength">Of the slowest turn, in places, about.</param>
    public static Rotation Of(Tensor positions, long size, double wavelength = UsualWavelength)
    {
        using var scope = NewDisposeScope();
        using Scalar count = size / 2,
            step = 2.0 / size;
        var frequencies = pow(wavelength, arange(count, dtype: float32, device: positions.device) * step);
        var angles = positions.to(ScalarType.Float32).unsqueeze(2).unsqueeze(3) / frequencies;
        return new Rotation(angles.sin().MoveToOuterDisposeScope(), angles.cos().MoveToOuterDisposeScope());
    }

    /// <param name="x">[batch, length, heads, size].</param>
    /// <returns>The same, turned.</returns>
    public Tensor Turn(Tensor x)
    {
        using var scope = NewDisposeScope();
        var half = x.shape[3] / 2;
        var (sine, cosine) = (Sine.to(x.dtype), Cosine.to(x.dtype));
        var (first, second) = (x.narrow(3, 0, half), x.narrow(3, half, half));
        return cat([first * cosine - second * sine, second * cosine + first * sine], 3).MoveToOuterDisposeScope();
    }
}
