using OpenCvSharp;
using Vla.Sensors.Images;

namespace Vla.Runtime.Pages;

/// <summary>Shows a picture as the policy gets it: prepared by the same code, then turned back into colours.</summary>
/// <remarks>For one thread.</remarks>
internal sealed class PolicyPicture(ImageSpec spec) : IDisposable
{
    private const int Channels = 3;
    private const float White = 255;

    private readonly ImagePreparation _preparation = new(spec);
    private readonly float[] _values = new float[spec.Height * spec.Width * Channels];
    private readonly Mat _picture = new(spec.Height, spec.Width, MatType.CV_8UC3);

    /// <param name="bgr">As a camera gives it.</param>
    /// <returns>BGR, 8 bits, in the policy's size; overwritten by the next call.</returns>
    public unsafe Mat Of(Mat bgr)
    {
        _preparation.Prepare(bgr, _values);
        var pixels = new Span<byte>((byte*)_picture.Data, _values.Length);
        for (var i = 0; i < _values.Length; i += Channels)
        {
            for (var channel = 0; channel < Channels; channel++)
            {
                var colour = (_values[i + channel] * spec.Std[channel] + spec.Mean[channel]) * White;
                pixels[i + Channels - 1 - channel] = (byte)Math.Clamp(MathF.Round(colour), 0, White);
            }
        }

        return _picture;
    }

    public void Dispose()
    {
        _preparation.Dispose();
        _picture.Dispose();
    }
}
