using System.Globalization;
using System.Text;

namespace Vla.Runtime.Pages;

/// <summary>Writes a line as an SVG path, in whole units to keep it short.</summary>
internal sealed class LinePath
{
    public const int Width = 600;
    public const int Height = 100;

    /// <summary>What to leave above and below, so that a line at a limit is not cut.</summary>
    public const int Margin = 4;

    private readonly StringBuilder _path = new();

    public void Clear() => _path.Clear();

    /// <param name="x">0 is the left edge, 1 the right.</param>
    /// <param name="y">0 is the bottom, 1 the top; beyond is drawn at the edge.</param>
    public void Add(float x, float y)
    {
        _path
            .Append(_path.Length == 0 ? 'M' : 'L')
            .Append(
                CultureInfo.InvariantCulture,
                $"{(int)MathF.Round(Math.Clamp(x, 0, 1) * Width)} "
                    + $"{(int)MathF.Round((1 - Math.Clamp(y, 0, 1)) * Height)}"
            );
    }

    public override string ToString() => _path.ToString();
}
