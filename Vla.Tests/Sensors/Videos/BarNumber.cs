using OpenCvSharp;

namespace Vla.Tests.Sensors.Videos;

/// <summary>
/// Reads the number that a picture of the datasets among the fixtures shows: eight bars, black 0 and white 1.
/// </summary>
internal static class BarNumber
{
    private const int Bits = 8;

    public static int Read(Mat picture)
    {
        var number = 0;
        for (var bit = 0; bit < Bits; bit++)
        {
            var colour = picture.At<Vec3b>(picture.Height / 4, (int)((bit + 0.5) * picture.Width / Bits));
            number = number << 1 | (colour.Item0 + colour.Item1 + colour.Item2 > 380 ? 1 : 0);
        }

        return number;
    }
}
