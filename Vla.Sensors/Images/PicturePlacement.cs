using OpenCvSharp;

namespace Vla.Sensors.Images;

/// <summary>Where a place in a camera's picture comes to lie in the one that a policy gets.</summary>
/// <remarks>Places are shares of width and height, from the left and from the top.</remarks>
internal sealed class PicturePlacement
{
    private readonly double _left,
        _top,
        _width,
        _height;

    /// <param name="image">What becomes of the picture.</param>
    /// <param name="width">The camera's picture, pixels.</param>
    /// <param name="height">The camera's picture, pixels.</param>
    public PicturePlacement(ImageSpec image, int width, int height)
    {
        if (image.Fit == ImageFit.Centre)
        {
            // The other way round: the picture is a part of what the policy gets.
            var within = Centred.Within(new Size(width, height), new Size(image.Width, image.Height));
            (_left, _top) = (-(double)within.X / within.Width, -(double)within.Y / within.Height);
            (_width, _height) = ((double)image.Width / within.Width, (double)image.Height / within.Height);
            return;
        }

        if (image.Sampling == ImageSampling.Averaged)
        {
            var part =
                image.Fit == ImageFit.Crop
                    ? CentreCrop.Within(new Size(width, height), new Size(image.Width, image.Height))
                    : new Rect(0, 0, width, height);
            (_left, _top) = ((double)part.X / width, (double)part.Y / height);
            (_width, _height) = ((double)part.Width / width, (double)part.Height / height);
            return;
        }

        var plan = PicturePlan.Of(image, width, height);
        // Pixels of the camera's picture for one of the policy's.
        var across = (double)plan.PaddedWidth / plan.ResizedWidth;
        var down = (double)plan.PaddedHeight / plan.ResizedHeight;
        _left = ((plan.CutLeft - plan.Shown.Left) * across - plan.Border) / width;
        _top = ((plan.CutAbove - plan.Shown.Top) * down - plan.BorderAbove) / height;
        (_width, _height) = (image.Width * across / width, image.Height * down / height);
    }

    /// <returns>Beyond 0 to 1 for a place that is cut off.</returns>
    public (float X, float Y) Of(float x, float y) => ((float)((x - _left) / _width), (float)((y - _top) / _height));
}
