namespace Vla.Sensors.Images;

/// <summary>
/// Which pixels of a row or a column each resized pixel is made of, and with which weights: resizing is separable, so
/// two of these resize a picture.
/// </summary>
internal sealed class SampleTaps
{
    private readonly int[] _first;
    private readonly int[] _count;
    private readonly double[] _weights;
    private readonly int _most;

    private SampleTaps(int length, int most)
    {
        (_most, _first, _count, _weights) = (most, new int[length], new int[length], new double[length * most]);
    }

    /// <summary>Pixels that it gives.</summary>
    public int Length => _first.Length;

    /// <summary>The first pixel that a resized one is made of.</summary>
    public int First(int i) => _first[i];

    /// <summary>The weights of that one and those after it; their sum is 1.</summary>
    public ReadOnlySpan<double> Weights(int i) => _weights.AsSpan(i * _most, _count[i]);

    /// <summary>
    /// Two neighbours each, half-pixel centres, nothing averaged: PyTorch's <c>interpolate(mode="bilinear",
    /// align_corners=False)</c> and TensorFlow's bilinear resize.
    /// </summary>
    public static SampleTaps Linear(int from, int to)
    {
        var taps = new SampleTaps(to, 2);
        // As PyTorch has it: single precision.
        var scale = (float)from / to;
        for (var i = 0; i < to; i++)
        {
            var place = Math.Max(0, scale * (i + 0.5f) - 0.5f);
            var first = Math.Min((int)place, from - 1);
            var share = first + 1 < from ? place - first : 0;
            (taps._first[i], taps._count[i]) = (first, first + 1 < from ? 2 : 1);
            taps._weights[i * 2] = 1 - share;
            if (first + 1 < from)
                taps._weights[i * 2 + 1] = share;
        }

        return taps;
    }

    /// <summary>
    /// Bicubic with a = −0.5 and, where it shrinks, a support that is wider by as much: Pillow's <c>BICUBIC</c>.
    /// </summary>
    public static SampleTaps Bicubic(int from, int to)
    {
        const double support = 2;
        var scale = (double)from / to;
        var widened = Math.Max(scale, 1);
        var reach = support * widened;
        var taps = new SampleTaps(to, (int)Math.Ceiling(reach) * 2 + 1);
        for (var i = 0; i < to; i++)
        {
            var centre = (i + 0.5) * scale;
            var first = Math.Max(0, (int)(centre - reach + 0.5));
            var count = Math.Min(from, (int)(centre + reach + 0.5)) - first;
            (taps._first[i], taps._count[i]) = (first, count);
            var weights = taps._weights.AsSpan(i * taps._most, count);
            var sum = 0d;
            for (var k = 0; k < count; k++)
                sum += weights[k] = Cubic((first + k - centre + 0.5) / widened);
            foreach (ref var weight in weights)
                weight /= sum;
        }

        return taps;
    }

    private static double Cubic(double x)
    {
        const double a = -0.5;
        x = Math.Abs(x);
        return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1
            : x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a
            : 0;
    }
}
