using TorchSharp;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Layers;

/// <summary>
/// Where each cell of a grid is, as sines and cosines of row and column ("Attention Is All You Need", section 3.5, in
/// two dimensions).
/// </summary>
/// <remarks>
/// Nothing to learn and nothing to store: the table is made for a grid's size when that size is first seen.
/// </remarks>
/// <param name="dim">Numbers for each cell, a multiple of 4: half for the row, half for the column.</param>
internal sealed class GridPositions(long dim) : IDisposable
{
    // In words the wavelengths go up to 10,000; a grid has tens of cells to a side.
    private const double LongestWavelength = 100;

    private (long Rows, long Columns) _size;
    private DeviceConstant? _table;

    /// <returns>[rows × columns, dim], row by row; belongs to this object.</returns>
    public Tensor For(long rows, long columns, Device device)
    {
        if (_table is null || _size != (rows, columns))
        {
            _table?.Dispose();
            _table = new DeviceConstant(() => Table(rows, columns));
            _size = (rows, columns);
        }

        return _table.On(device);
    }

    public void Dispose() => _table?.Dispose();

    private Tensor Table(long rows, long columns)
    {
        var row = Waves(rows).unsqueeze(1).expand(rows, columns, dim / 2);
        var column = Waves(columns).unsqueeze(0).expand(rows, columns, dim / 2);
        return cat([row, column], 2).flatten(0, 1);
    }

    // [count, dim / 2]: sines, then cosines, from a wavelength of 2π cells to the longest.
    private Tensor Waves(long count)
    {
        var waves = dim / 4;
        // Named: see Scalars.
        using Scalar waveCount = waves,
            step = -Math.Log(LongestWavelength) / waves,
            cells = count;
        var frequencies = exp(arange(waveCount, dtype: float32) * step);
        var phases = arange(cells, dtype: float32).unsqueeze(1) * frequencies;
        return cat([sin(phases), cos(phases)], 1);
    }
}
