using OpenCvSharp;

namespace Vla.Sensors.Datasets;

/// <summary>Counts how bright the pixels of pictures are, for their statistics.</summary>
internal sealed class PixelCounts
{
    // As LeRobot does: pictures of 300 pixels or more are thinned out to about 150.
    private const int LargePicture = 300;
    private const int ThinnedPicture = 150;

    private readonly long[][] _counts = [new long[256], new long[256], new long[256]];
    private long _pictures;

    /// <param name="picture">BGR, 8 bits.</param>
    public unsafe void Add(Mat picture)
    {
        int width = picture.Width,
            height = picture.Height;
        var step = Math.Max(width, height) < LargePicture ? 1 : Math.Max(width, height) / ThinnedPicture;
        var (red, green, blue) = (_counts[0], _counts[1], _counts[2]);
        for (var y = 0; y < height; y += step)
        {
            var row = (byte*)picture.Ptr(y);
            for (var x = 0; x < width; x += step)
            {
                var pixel = row + 3 * x;
                blue[pixel[0]]++;
                green[pixel[1]]++;
                red[pixel[2]]++;
            }
        }

        _pictures++;
    }

    /// <summary>In the order red, green, blue.</summary>
    public FeatureStatistics Summary() => FeatureStatistics.OfPixels(_counts, _pictures);
}
