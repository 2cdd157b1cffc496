namespace Vla.Sensors.Images;

/// <summary>
/// How large a picture may be before memory is taken for it: a few hundred bytes can claim a thousand megapixels.
/// </summary>
internal static class PictureBounds
{
    /// <summary>
    /// Pixels of the largest picture, 64 megapixels: 8K video has 33, a large photograph 50. As BGR they take 192 MB.
    /// </summary>
    public const int MaximumPixels = 64_000_000;

    /// <summary>The longest side in pixels.</summary>
    public const int MaximumSide = 16_384;

    public static bool Allows(long width, long height) =>
        width is > 0 and <= MaximumSide && height is > 0 and <= MaximumSide && width * height <= MaximumPixels;

    /// <summary>What to say of a picture that is larger, after its name.</summary>
    public static string Refusal(long width, long height) =>
        $"says that it has {width}x{height} pixels; up to {MaximumPixels / 1_000_000} megapixels, {MaximumSide} a "
        + "side, are read";
}
