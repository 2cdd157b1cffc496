using Spectre.Console;
using Spectre.Console.Rendering;

namespace Vla.Runtime.Outputs;

/// <summary>Fits rows into a terminal's height: what matters least gives way first.</summary>
internal sealed class ConsoleLayout
{
    private readonly List<(int Rank, int Lines, IRenderable Row)> _rows = [];

    /// <summary>Adds a row below the others.</summary>
    /// <param name="rank">The higher, the earlier it gives way; 0 never does.</param>
    /// <param name="lines">How high it is.</param>
    /// <param name="row">What it shows.</param>
    public void Add(int rank, int lines, IRenderable row) => _rows.Add((rank, lines, row));

    /// <summary>The rows that fit.</summary>
    public IRenderable Fit(int height)
    {
        var rows = _rows.ToList();
        while (rows.Sum(row => row.Lines) > height && rows.Max(row => row.Rank) is > 0 and var last)
            rows.RemoveAt(rows.FindLastIndex(row => row.Rank == last));
        return new Rows(rows.Select(row => row.Row));
    }
}
