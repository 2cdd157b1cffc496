namespace Vla.Actors.Checkpoints;

/// <summary>
/// Walks a tensor whose elements do not lie row by row: a transposed or sliced view, as PyTorch saves them.
/// </summary>
internal static class StridedView
{
    public static bool IsContiguous(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        var expected = 1L;
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            if (shape[i] != 1 && strides[i] != expected)
                return false;
            expected *= shape[i];
        }
        return true;
    }

    /// <summary>Elements from the view's first to its last, both included; the view is not empty.</summary>
    public static long Extent(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        var last = 0L;
        for (var i = 0; i < shape.Length; i++)
            last += (shape[i] - 1) * strides[i];
        return last + 1;
    }

    /// <summary>Copies elements in row order.</summary>
    /// <param name="elements">The memory from the view's first element on.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="strides">Steps, in elements, checked to stay inside.</param>
    /// <param name="size">Bytes of one element.</param>
    /// <param name="firstElement">Where in the row order to start.</param>
    /// <param name="destination">Filled whole.</param>
    public static void Gather(
        ReadOnlySpan<byte> elements,
        ReadOnlySpan<long> shape,
        ReadOnlySpan<long> strides,
        int size,
        long firstElement,
        Span<byte> destination
    )
    {
        Span<long> index = stackalloc long[shape.Length];
        var rest = firstElement;
        for (var i = shape.Length - 1; i >= 0; i--)
            (rest, index[i]) = Math.DivRem(rest, shape[i]);
        for (var to = 0; to < destination.Length; to += size)
        {
            var from = 0L;
            for (var i = 0; i < shape.Length; i++)
                from += index[i] * strides[i];
            elements.Slice((int)(from * size), size).CopyTo(destination[to..]);
            for (var i = shape.Length - 1; i >= 0 && ++index[i] == shape[i]; i--)
                index[i] = 0;
        }
    }
}
