using OpenCvSharp;

namespace Vla.Sensors.Images;

/// <summary>Where a picture lies that is put on black, as large as fits and in the middle.</summary>
internal static class Centred
{
    /// <param name="picture">Its size.</param>
    /// <param name="whole">The size with the black around it.</param>
    public static Rect Within(Size picture, Size whole)
    {
        // As openpi's image_tools.resize_with_pad counts: cut off, not rounded.
        var ratio = Math.Max((double)picture.Width / whole.Width, (double)picture.Height / whole.Height);
        var width = Math.Clamp((int)(picture.Width / ratio), 1, whole.Width);
        var height = Math.Clamp((int)(picture.Height / ratio), 1, whole.Height);
        return new Rect((whole.Width - width) / 2, (whole.Height - height) / 2, width, height);
    }
}
