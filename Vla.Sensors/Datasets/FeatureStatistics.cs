namespace Vla.Sensors.Datasets;

/// <summary>
/// How a feature's numbers are spread: what LeRobot keeps for normalisation, of an episode or of a whole dataset.
/// </summary>
/// <remarks>
/// Quantiles of a whole dataset are LeRobot's: they cannot be had from those of its episodes, so the lowest is kept of
/// the lower ones (up to the median) and the highest of the upper ones.
/// </remarks>
internal sealed class FeatureStatistics
{
    public static readonly double[] Quantiles = [0.01, 0.10, 0.50, 0.90, 0.99];

    /// <summary>The statistics' names, in the order of <see cref="Values"/>.</summary>
    public static readonly string[] Names = ["min", "max", "mean", "std", "q01", "q10", "q50", "q90", "q99"];

    /// <summary>LeRobot's histograms have as many.</summary>
    private const int Bins = 5_000;

    private const int Min = 0,
        Max = 1,
        Mean = 2,
        Std = 3,
        FirstQuantile = 4;

    private FeatureStatistics(int width, long count)
    {
        Count = count;
        Values = new double[Names.Length][];
        for (var i = 0; i < Values.Length; i++)
            Values[i] = new double[width];
    }

    /// <summary>[statistic][number or colour].</summary>
    public double[][] Values { get; }

    /// <summary>Frames.</summary>
    public long Count { get; }

    /// <param name="values">[frames, width].</param>
    /// <param name="width">Numbers of one frame.</param>
    /// <param name="count">Frames, where each has several rows of so many numbers.</param>
    public static FeatureStatistics Of<T>(ReadOnlySpan<T> values, int width, int? count = null)
        where T : struct, System.Numerics.INumber<T>
    {
        var frames = values.Length / width;
        var result = new FeatureStatistics(width, count ?? frames);
        var sorted = new double[frames];
        for (var i = 0; i < width; i++)
        {
            double sum = 0,
                squares = 0;
            for (var frame = 0; frame < frames; frame++)
                sum += sorted[frame] = double.CreateChecked(values[frame * width + i]);
            var mean = sum / frames;
            foreach (var value in sorted)
                squares += (value - mean) * (value - mean);
            Array.Sort(sorted);
            result.Values[Min][i] = sorted[0];
            result.Values[Max][i] = sorted[^1];
            result.Values[Mean][i] = mean;
            result.Values[Std][i] = Math.Sqrt(squares / frames);
            for (var q = 0; q < Quantiles.Length; q++)
                result.Values[FirstQuantile + q][i] = frames < 2 ? mean : Quantile(sorted, Quantiles[q]);
        }

        return result;
    }

    /// <summary>Of pictures, in shares of full brightness.</summary>
    /// <param name="counts">[colour][brightness]: how many pixels have it.</param>
    /// <param name="frames">How many pictures.</param>
    public static FeatureStatistics OfPixels(long[][] counts, long frames)
    {
        var result = new FeatureStatistics(counts.Length, frames);
        for (var c = 0; c < counts.Length; c++)
        {
            double total = 0,
                sum = 0,
                squares = 0;
            int lowest = 255,
                highest = 0;
            for (var v = 0; v < 256; v++)
            {
                var count = counts[c][v];
                if (count == 0)
                    continue;
                total += count;
                sum += (double)count * v;
                squares += (double)count * v * v;
                (lowest, highest) = (Math.Min(lowest, v), v);
            }

            var mean = sum / total;
            result.Values[Min][c] = lowest / 255.0;
            result.Values[Max][c] = highest / 255.0;
            result.Values[Mean][c] = mean / 255;
            result.Values[Std][c] = Math.Sqrt(Math.Max(0, squares / total - mean * mean)) / 255;
            for (var q = 0; q < Quantiles.Length; q++)
            {
                double seen = 0;
                var v = 0;
                while ((seen += counts[c][v]) < Quantiles[q] * total && v < 255)
                    v++;
                var (below, share) = (seen - counts[c][v], Quantiles[q] * total);
                result.Values[FirstQuantile + q][c] =
                    InBin(lowest, highest, v, (share - below) / Math.Max(1, counts[c][v])) / 255;
            }
        }

        return result;
    }

    /// <summary>From a file, in the order of <see cref="Names"/>.</summary>
    public static FeatureStatistics From(double[][] values, long count)
    {
        var result = new FeatureStatistics(values[0].Length, count);
        for (var i = 0; i < values.Length; i++)
            values[i].CopyTo(result.Values[i], 0);
        return result;
    }

    /// <summary>Of all frames of two.</summary>
    public FeatureStatistics With(FeatureStatistics other)
    {
        var width = Values[0].Length;
        var result = new FeatureStatistics(width, Count + other.Count);
        var share = (double)other.Count / result.Count;
        for (var i = 0; i < width; i++)
        {
            double mine = Values[Mean][i],
                theirs = other.Values[Mean][i];
            var mean = mine + (theirs - mine) * share;
            var variance =
                (1 - share) * (Square(Values[Std][i]) + Square(mine - mean))
                + share * (Square(other.Values[Std][i]) + Square(theirs - mean));
            result.Values[Min][i] = Math.Min(Values[Min][i], other.Values[Min][i]);
            result.Values[Max][i] = Math.Max(Values[Max][i], other.Values[Max][i]);
            result.Values[Mean][i] = mean;
            result.Values[Std][i] = Math.Sqrt(variance);
            for (var q = 0; q < Quantiles.Length; q++)
            {
                double a = Values[FirstQuantile + q][i],
                    b = other.Values[FirstQuantile + q][i];
                result.Values[FirstQuantile + q][i] = Quantiles[q] <= 0.5 ? Math.Min(a, b) : Math.Max(a, b);
            }
        }

        return result;
    }

    /// <summary>As LeRobot finds it: of a histogram, in the bin of the value that as many are below.</summary>
    private static double Quantile(double[] sorted, double share)
    {
        var (least, most) = (sorted[0], sorted[^1]);
        var target = share * sorted.Length;
        var value = sorted[Math.Clamp((int)Math.Ceiling(target) - 1, 0, sorted.Length - 1)];
        var bin = BinOf(least, most, value);
        var (before, within) = (0, 0);
        foreach (var one in sorted)
        {
            var its = BinOf(least, most, one);
            if (its > bin)
                break;
            if (its < bin)
                before++;
            else
                within++;
        }

        return InBin(least, most, value, (target - before) / within);
    }

    /// <param name="least">Of all values.</param>
    /// <param name="most">Of all values.</param>
    /// <param name="value">That the bin is of.</param>
    /// <param name="fraction">How far into the bin, 0 to 1.</param>
    private static double InBin(double least, double most, double value, double fraction)
    {
        var bin = BinOf(least, most, value);
        return bin == 0 ? least : least + (bin + fraction) * (most - least) / Bins;
    }

    private static int BinOf(double least, double most, double value) =>
        most > least ? Math.Min(Bins - 1, (int)((value - least) / (most - least) * Bins)) : 0;

    private static double Square(double value) => value * value;
}
