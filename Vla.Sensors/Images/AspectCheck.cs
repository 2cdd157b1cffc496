using System.Globalization;

namespace Vla.Sensors.Images;

/// <summary>Compares the shape of a camera's pictures with the shape of those that a policy was trained on.</summary>
internal static class AspectCheck
{
    /// <summary>
    /// Sizes that differ by no more are of one shape: they are rounded to whole pixels, or to what a codec likes.
    /// </summary>
    private const double Tolerance = 0.01;

    /// <summary>
    /// What the policy will see otherwise than in training, in a line; null when nothing, or when nobody knows.
    /// </summary>
    /// <param name="image">The policy's picture.</param>
    /// <param name="camera">What to call the camera.</param>
    /// <param name="width">Of its pictures, pixels; 0 where it does not say.</param>
    /// <param name="height">Of its pictures, pixels; 0 where it does not say.</param>
    public static string? Difference(ImageSpec image, string camera, int width, int height)
    {
        if (image.Source is not { } source || width <= 0 || height <= 0)
            return null;
        // What is not distorted may have any shape.
        if (image.Fit is ImageFit.Pad or ImageFit.Letterbox or ImageFit.Centre)
            return null;
        var ratio = (double)width * source.Height / ((double)height * source.Width);
        if (ratio is >= 1 - Tolerance and <= 1 + Tolerance)
            return Resized(image, camera, width, height);
        var effect =
            image.Fit == ImageFit.Crop
                ? "another part of them is cut off than in training"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"things are {1 / ratio:0.00} times as wide as in training"
                );
        return $"camera '{camera}' gives {width}x{height}, the policy was trained on {source.Width}x{source.Height}: "
            + $"{effect}; "
            + "set the camera to that shape, or train on its pictures";
    }

    // Of the trained shape, and yet not as trained.
    private static string? Resized(ImageSpec image, string camera, int width, int height) =>
        !image.TakesNoOtherSize || (width == image.Width && height == image.Height)
            ? null
            : $"camera '{camera}' gives {width}x{height}, the policy was trained on {image.Width}x{image.Height} and "
                + "resizes nothing itself: "
                + "its pictures are brought to that size here; set the camera to it "
                + $"(?size={image.Width}x{image.Height})";
}
