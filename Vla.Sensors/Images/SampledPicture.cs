namespace Vla.Sensors.Images;

/// <summary>
/// Resizes pictures exactly as the code did that a policy was trained with (<see cref="ImageSampling.Linear"/>,
/// <see cref="ImageSampling.Bicubic"/>), and brings them to the policy's shape (<see cref="ImageFit"/>).
/// </summary>
/// <remarks>
/// Linear works on numbers and rounds nothing; bicubic rounds to whole bytes after each direction, as Pillow does.
/// Allocates nothing as long as pictures stay of one size. Keeps its memory from call to call: one instance for each
/// thread.
/// </remarks>
internal sealed class SampledPicture
{
    private const int Channels = 3;

    /// <summary>Pillow's weights are whole numbers of this many bits behind the point.</summary>
    private const int WeightBits = 22;

    private readonly ImageSpec _spec;
    private readonly float[] _whole;
    private PicturePlan? _plan;
    private SampleTaps _columns = null!;
    private SampleTaps _rows = null!;
    private int[] _weights = [];
    private float[] _across = [];
    private byte[] _padded = [];

    /// <param name="spec">Of a sampling other than <see cref="ImageSampling.Averaged"/>.</param>
    public SampledPicture(ImageSpec spec)
    {
        _spec = spec;
        _whole = new float[spec.Height * spec.Width * Channels];
    }

    /// <summary>[height, width, 3] in the policy's shape, 0 to 255; valid until the next call.</summary>
    /// <param name="pixels">Three bytes a pixel, row after row.</param>
    /// <param name="rowBytes">From one row to the next.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    public ReadOnlySpan<float> Of(ReadOnlySpan<byte> pixels, int rowBytes, int width, int height)
    {
        if (_plan is null || (_plan.Width, _plan.Height) != (width, height))
            Plan(width, height);
        var plan = _plan!;
        if (plan.Border > 0 || plan.BorderAbove > 0)
        {
            Pad(pixels, rowBytes, plan);
            pixels = _padded;
            rowBytes = plan.PaddedWidth * Channels;
        }

        if (_spec.Sampling == ImageSampling.Bicubic)
            Bicubic(pixels, rowBytes, plan);
        else
            Linear(pixels, rowBytes, plan);
        return _whole;
    }

    private void Plan(int width, int height)
    {
        _plan = PicturePlan.Of(_spec, width, height);
        var (columns, rows) = (_plan.ResizedWidth, _plan.ResizedHeight);
        var bicubic = _spec.Sampling == ImageSampling.Bicubic;
        _columns = bicubic
            ? SampleTaps.Bicubic(_plan.PaddedWidth, columns)
            : SampleTaps.Linear(_plan.PaddedWidth, columns);
        _rows = bicubic ? SampleTaps.Bicubic(_plan.PaddedHeight, rows) : SampleTaps.Linear(_plan.PaddedHeight, rows);
        _across = new float[_plan.PaddedHeight * columns * Channels];
        _weights = new int[Math.Max(_plan.PaddedWidth, _plan.PaddedHeight) + 1];
        if (_plan.Border > 0 || _plan.BorderAbove > 0)
        {
            _padded = new byte[_plan.PaddedWidth * _plan.PaddedHeight * Channels];
            Array.Fill(_padded, _spec.Border);
        }

        Array.Fill(_whole, _spec.Border);
    }

    private void Pad(ReadOnlySpan<byte> pixels, int rowBytes, PicturePlan plan)
    {
        var wide = plan.Width * Channels;
        for (var y = 0; y < plan.Height; y++)
            pixels
                .Slice(y * rowBytes, wide)
                .CopyTo(_padded.AsSpan(((y + plan.BorderAbove) * plan.PaddedWidth + plan.Border) * Channels, wide));
    }

    private void Linear(ReadOnlySpan<byte> pixels, int rowBytes, PicturePlan plan)
    {
        var columns = plan.ResizedWidth;
        for (var y = 0; y < plan.PaddedHeight; y++)
        {
            var row = pixels.Slice(y * rowBytes, plan.PaddedWidth * Channels);
            var across = _across.AsSpan(y * columns * Channels, columns * Channels);
            for (var x = 0; x < columns; x++)
            {
                var weights = _columns.Weights(x);
                var from = row[(_columns.First(x) * Channels)..];
                var share = (float)weights[0];
                var other = weights.Length > 1 ? (float)weights[1] : 0;
                var next = weights.Length > 1 ? Channels : 0;
                for (var c = 0; c < Channels; c++)
                    across[x * Channels + c] = from[c] * share + from[c + next] * other;
            }
        }

        for (var y = 0; y < plan.Shown.Height; y++)
        {
            var weights = _rows.Weights(y + plan.CutAbove);
            var first = _rows.First(y + plan.CutAbove);
            var upper = Across(first, plan);
            var lower = Across(first + weights.Length - 1, plan);
            var (share, other) = ((float)weights[0], weights.Length > 1 ? (float)weights[1] : 0);
            var target = Target(y, plan);
            for (var i = 0; i < target.Length; i++)
                target[i] = upper[i] * share + lower[i] * other;
        }
    }

    private void Bicubic(ReadOnlySpan<byte> pixels, int rowBytes, PicturePlan plan)
    {
        var columns = plan.ResizedWidth;
        for (var x = 0; x < columns; x++)
        {
            var first = _columns.First(x);
            var weights = Whole(_columns.Weights(x));
            for (var y = 0; y < plan.PaddedHeight; y++)
            {
                var from = pixels[(y * rowBytes + first * Channels)..];
                var at = (y * columns + x) * Channels;
                for (var c = 0; c < Channels; c++)
                {
                    var sum = 1L << (WeightBits - 1);
                    for (var k = 0; k < weights.Length; k++)
                        sum += (long)from[k * Channels + c] * weights[k];
                    _across[at + c] = Byte(sum);
                }
            }
        }

        for (var y = 0; y < plan.Shown.Height; y++)
        {
            var first = _rows.First(y + plan.CutAbove);
            var weights = Whole(_rows.Weights(y + plan.CutAbove));
            var target = Target(y, plan);
            var start = (first * columns + plan.CutLeft) * Channels;
            for (var i = 0; i < target.Length; i++)
            {
                var sum = 1L << (WeightBits - 1);
                for (var k = 0; k < weights.Length; k++)
                    sum += (long)_across[start + k * columns * Channels + i] * weights[k];
                target[i] = Byte(sum);
            }
        }
    }

    private ReadOnlySpan<int> Whole(ReadOnlySpan<double> weights)
    {
        for (var k = 0; k < weights.Length; k++)
            _weights[k] = (int)Math.Round(weights[k] * (1 << WeightBits), MidpointRounding.AwayFromZero);
        return _weights.AsSpan(0, weights.Length);
    }

    private static byte Byte(long sum) => (byte)Math.Clamp(sum >> WeightBits, 0, byte.MaxValue);

    private ReadOnlySpan<float> Across(int row, PicturePlan plan) =>
        _across.AsSpan((row * plan.ResizedWidth + plan.CutLeft) * Channels, plan.Shown.Width * Channels);

    private Span<float> Target(int row, PicturePlan plan) =>
        _whole.AsSpan(((row + plan.Shown.Top) * _spec.Width + plan.Shown.Left) * Channels, plan.Shown.Width * Channels);
}
