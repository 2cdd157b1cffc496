using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Layers;

/// <summary>Halves a channels-last map's height and width: the greatest of each 2 × 2 values.</summary>
/// <remarks>
/// Torch's own pooling also notes where each value came from, in 64-bit integers, twice the memory of the values, which
/// only training needs. Here two passes compare neighbouring columns, then rows, through views that skip every other one:
/// the same values in less than half the time.
/// </remarks>
internal sealed class StridedMaxPool
{
    private Sizes _input;
    private View _left, _right, _upper, _lower;

    /// <param name="map">[batch, channels, height, width]; lies channels-last and without gaps if it is on a CPU.</param>
    /// <returns>[batch, channels, height / 2, width / 2]; an odd last row or column is left out, as Torch does.</returns>
    public Tensor HalfSize(Tensor map)
    {
        if (map.device_type != DeviceType.CPU || !is_inference_mode_enabled()) return functional.max_pool2d(map, 2);

        Fit(new Sizes(map.size(0), map.size(1), map.size(2), map.size(3)));
        using var left = _left.Of(map);
        using var right = _right.Of(map);
        using var narrow = maximum(left, right);
        using var upper = _upper.Of(narrow);
        using var lower = _lower.Of(narrow);
        return maximum(upper, lower);
    }

    /// <summary>Makes the views when the size is a new one: a camera's stays the same.</summary>
    private void Fit(Sizes input)
    {
        if (input == _input) return;

        _input = input;
        var narrow = input with { Width = input.Width / 2 };
        _left = EveryOther(input, input.Height, narrow.Width, rowStep: 1, columnStep: 2, first: 0);
        _right = EveryOther(input, input.Height, narrow.Width, rowStep: 1, columnStep: 2, first: input.Channels);
        _upper = EveryOther(narrow, input.Height / 2, narrow.Width, rowStep: 2, columnStep: 1, first: 0);
        _lower = EveryOther(narrow, input.Height / 2, narrow.Width, rowStep: 2, columnStep: 1, first: narrow.Row);
    }

    private static View EveryOther(Sizes map, long height, long width, long rowStep, long columnStep, long first) => new(
        [map.Batch, map.Channels, height, width],
        [map.Height * map.Row, 1, rowStep * map.Row, columnStep * map.Channels],
        first);

    private readonly record struct Sizes(long Batch, long Channels, long Height, long Width)
    {
        public long Row => Width * Channels;
    }

    /// <summary>The arguments of a view, kept so that taking it allocates no arrays.</summary>
    private readonly record struct View(long[] Shape, long[] Strides, long First)
    {
        public Tensor Of(Tensor map) => map.as_strided(Shape, Strides, First);
    }
}
