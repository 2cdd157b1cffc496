namespace Vla.Sensors.Datasets.Tables;

/// <summary>The values of a column in one row group, row by row, with the places where one is missing.</summary>
/// <param name="values">One after the other; a null's place has what is the default of its type.</param>
/// <param name="starts">[rows + 1]: each row's first value; lists within lists are one after the other.</param>
/// <param name="nulls">Which values are null; null when none is.</param>
internal sealed class ParquetValues<T>(T[] values, int[] starts, bool[]? nulls)
{
    public int Rows => starts.Length - 1;

    /// <summary>Values of all rows.</summary>
    public ReadOnlySpan<T> All => values;

    /// <summary>The values of some rows, each of which must have as many.</summary>
    /// <param name="from">First row.</param>
    /// <param name="to">One past the last.</param>
    /// <param name="width">Values of a row.</param>
    /// <param name="fault">The first row in which something is wrong, and what.</param>
    /// <returns>They, one row after the other; empty with a fault.</returns>
    public ReadOnlySpan<T> Take(int from, int to, int width, out (int Row, string Reason)? fault)
    {
        for (var row = from; row < to; row++)
        {
            var reason = WhatIsWrong(row, width);
            if (reason is null)
                continue;
            fault = (row, reason);
            return default;
        }

        fault = null;
        return values.AsSpan(starts[from], starts[to] - starts[from]);
    }

    /// <summary>The values of one row, however many.</summary>
    public ReadOnlySpan<T> Row(int row) => values.AsSpan(starts[row], starts[row + 1] - starts[row]);

    /// <summary>The first null of a row, counted within it; -1 when there is none.</summary>
    public int NullIn(int row) =>
        nulls is null ? -1 : nulls.AsSpan(starts[row], starts[row + 1] - starts[row]).IndexOf(true);

    private string? WhatIsWrong(int row, int width)
    {
        var count = starts[row + 1] - starts[row];
        if (count != width)
            return count == 0 ? "null" : $"{count} values, not {width}";
        return NullIn(row) is var at and >= 0
            ? width == 1
                ? "null"
                : $"null as number {at + 1} of {width}"
            : null;
    }
}
