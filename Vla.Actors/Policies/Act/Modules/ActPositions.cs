using TorchSharp;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Act.Modules;

/// <summary>
/// Where each cell of a feature map is, as ACT computes it: sines and cosines of row and column; nothing is stored.
/// </summary>
/// <remarks>
/// With D = dim / 2 and f_i = 10000^(2 ⌊i / 2⌋ / D): channel i of the first half is the sine (even i) or cosine (odd i)
/// of (row + 1) / rows · 2π / f_i, the second half the same of the column. ResNet and the slots use another table.
/// </remarks>
internal static class ActPositions
{
    private const double Temperature = 10_000;
    private const double Epsilon = 1e-6;

    /// <param name="dim">Numbers for each cell, a multiple of 4.</param>
    /// <param name="rows">Of the map.</param>
    /// <param name="columns">Of the map.</param>
    /// <returns>[dim, rows, columns].</returns>
    public static Tensor Table(long dim, long rows, long columns)
    {
        using var scope = NewDisposeScope();
        var half = dim / 2;
        var row = Waves(rows, half).unsqueeze(2).expand(half, rows, columns);
        var column = Waves(columns, half).unsqueeze(1).expand(half, rows, columns);
        return cat([row, column], 0).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// For tokens in a row: sine and cosine of place / 10000^(2·⌊i/2⌋ / dim) by turns ("Attention Is All You Need").
    /// </summary>
    /// <param name="dim">Numbers for each place, even.</param>
    /// <param name="count">Places, from 0.</param>
    /// <returns>[count, dim].</returns>
    public static Tensor Row(long dim, long count)
    {
        using var scope = NewDisposeScope();
        using Scalar pairCount = dim / 2,
            places = count,
            width = dim;
        var pairs = arange(pairCount, dtype: float64) * Scalars.Two / width;
        var angles = arange(places, dtype: float64).unsqueeze(1) / pow(Temperature, pairs).unsqueeze(0);
        return stack([sin(angles), cos(angles)], 2).reshape(count, dim).to_type(float32).MoveToOuterDisposeScope();
    }

    // [half, count]
    private static Tensor Waves(long count, long half)
    {
        // Named: see Scalars.
        using Scalar beyond = count + 1,
            last = count + Epsilon,
            turn = 2 * Math.PI,
            pairCount = half / 2,
            width = half;
        var places = arange(Scalars.One, beyond, dtype: float32) / last * turn;
        var pairs = arange(pairCount, dtype: float32) * Scalars.Two / width;
        var angles = places.unsqueeze(0) / pow(Temperature, pairs).unsqueeze(1);
        // Sine and cosine of each pair follow each other.
        return stack([sin(angles), cos(angles)], 1).reshape(half, count);
    }
}
