using System.Globalization;

namespace Vla.Runtime.Pages;

/// <summary>Writes numbers for the page: short, the same length from one moment to the next.</summary>
internal static class Figures
{
    public static string Hz(double hz) => hz.ToString(hz < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);

    public static string Ms(double ms) =>
        ms.ToString(
            ms < 1 ? "0.00"
                : ms < 100 ? "0.0"
                : "0",
            CultureInfo.InvariantCulture
        );

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A value of an action, with as many decimals as its range needs.</summary>
    public static string Value(float value, float range) =>
        value.ToString(
            range < 1 ? "0.0000;−0.0000;0.0000"
                : range < 100 ? "0.000;−0.000;0.000"
                : "0.0;−0.0;0.0",
            CultureInfo.InvariantCulture
        );

    /// <summary>A limit or the end of an axis.</summary>
    public static string Limit(double value) =>
        value
            .ToString(Math.Abs(value) is >= 100 and < 1e6 ? "0" : "G3", CultureInfo.InvariantCulture)
            .Replace('-', '−');

    /// <summary>A number for CSS and SVG.</summary>
    public static string Css(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
