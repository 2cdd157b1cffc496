namespace Vla.Runtime.Evaluation;

/// <summary>How far a rate of successes can be trusted: E. B. Wilson's score interval (1927).</summary>
/// <remarks>
/// Unlike the usual plus-minus it is right for few trials and near 0 and 1: 400 of 400 means 99.05 % or more.
/// </remarks>
internal static class WilsonInterval
{
    /// <summary>The normal distribution's 97.5 % point, for 95 % in the middle.</summary>
    private const double Z = 1.959963984540054;

    /// <summary>The 95 % interval.</summary>
    /// <param name="successes">0 to <paramref name="trials"/>.</param>
    /// <param name="trials">With none, nothing is known: 0 to 1.</param>
    public static (double Low, double High) Of(int successes, int trials)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        if (trials == 0)
            return (0, 1);

        double n = trials,
            p = successes / n;
        var centre = p + Z * Z / (2 * n);
        var half = Z * Math.Sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));
        var scale = 1 + Z * Z / n;
        // Exactly 0 and 1 at the ends, where rounding would leave a little.
        return (successes == 0 ? 0 : (centre - half) / scale, successes == trials ? 1 : (centre + half) / scale);
    }
}
