using OpenCvSharp;

namespace Vla.Sensors.Simulation.Drawing;

/// <summary>A sensor's grain: another one at every moment, the same at the same moment of the same episode.</summary>
/// <remarks>
/// Two sheets, of what is added and what is taken away, are filled once; each picture cuts its window from them at a
/// place of its own.
/// </remarks>
internal sealed class SensorNoise : IDisposable
{
    private const int Margin = 64;

    private readonly SceneLook _look;
    private readonly int _stream;
    private readonly Mat _more;
    private readonly Mat _less;

    /// <param name="look">How much of it there is.</param>
    /// <param name="size">Of the pictures.</param>
    /// <param name="sensor">Which of the world's cameras; each has a grain of its own.</param>
    public SensorNoise(SceneLook look, Size size, WorldView sensor)
    {
        (_look, _stream) = (look, 2 * (int)sensor);
        _more = new Mat(size.Height + Margin, size.Width + Margin, MatType.CV_8UC3);
        _less = new Mat(size.Height + Margin, size.Width + Margin, MatType.CV_8UC3);
        // OpenCV's generator is a global; this one is the episode's. A table of the bell curve keeps it quick.
        var random = new WorldRandom(look.DetailSeed, _stream + 1);
        Span<byte> bell = stackalloc byte[4096];
        for (var i = 0; i < bell.Length; i++)
            bell[i] = (byte)Math.Clamp(Math.Round(128 + look.Noise * random.Gaussian()), 0, 255);
        Fill(random, bell);
    }

    /// <summary>Adds the grain of a moment.</summary>
    /// <param name="picture">Of the size given at the beginning.</param>
    /// <param name="moment">Any number that tells moments apart.</param>
    public void AddTo(Mat picture, long moment)
    {
        var random = new WorldRandom(_look.DetailSeed ^ moment, _stream + 2);
        var window = new Rect(random.Below(Margin), random.Below(Margin), picture.Width, picture.Height);
        using var more = new Mat(_more, window);
        using var less = new Mat(_less, window);
        Cv2.Add(picture, more, picture);
        Cv2.Subtract(picture, less, picture);
    }

    public void Dispose()
    {
        _more.Dispose();
        _less.Dispose();
    }

    private unsafe void Fill(WorldRandom random, ReadOnlySpan<byte> bell)
    {
        var count = (int)(_more.Total() * _more.ElemSize());
        var more = new Span<byte>(_more.DataPointer, count);
        var less = new Span<byte>(_less.DataPointer, count);
        var bits = 0UL;
        for (var i = 0; i < count; i++)
        {
            // One draw is good for five places in the table of 2^12.
            if (i % 5 == 0)
                bits = random.NextBits();
            var value = bell[(int)(bits & 4095)] - 128;
            bits >>= 12;
            more[i] = (byte)Math.Max(value, 0);
            less[i] = (byte)Math.Max(-value, 0);
        }
    }
}
