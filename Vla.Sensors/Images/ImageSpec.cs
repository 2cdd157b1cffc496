namespace Vla.Sensors.Images;

/// <summary>The picture a policy wants: size and normalisation, as its <c>config.json</c> gives them.</summary>
/// <remarks>A pixel value v in 0…255 becomes (v / 255 − mean) / std, channel by channel in RGB order.</remarks>
/// <param name="Height">Rows, in pixels.</param>
/// <param name="Width">Columns, in pixels.</param>
/// <param name="Mean">Three values in RGB order, on the 0…1 scale.</param>
/// <param name="Std">Three positive values in RGB order, on the 0…1 scale.</param>
public sealed record ImageSpec(int Height, int Width, IReadOnlyList<float> Mean, IReadOnlyList<float> Std)
{
    /// <summary>What becomes of a picture of another shape.</summary>
    public ImageFit Fit { get; init; }

    /// <summary>How its pixels are made when it is resized.</summary>
    public ImageSampling Sampling { get; init; }

    /// <summary>What a border is filled with, 0 to 255.</summary>
    public byte Border { get; init; }

    /// <summary>
    /// Whether the policy's own code resizes nothing, so that a camera should give just this size: where it does not,
    /// its pictures are resized all the same, and that is said.
    /// </summary>
    public bool TakesNoOtherSize { get; init; }

    /// <summary>
    /// Pixels of the pictures that it was trained on, as their camera gave them; null where nobody wrote it down.
    /// </summary>
    public (int Width, int Height)? Source { get; init; }
}

/// <summary>How a camera's picture comes to the shape that a policy wants.</summary>
public enum ImageFit
{
    /// <summary>All of it, stretched, as <c>Resize((height, width))</c> does in training code.</summary>
    Stretch,

    /// <summary>The largest part of it around the middle that has the wanted shape; nothing is distorted.</summary>
    Crop,

    /// <summary>
    /// All of it, undistorted, at the right and the bottom; the border is at the left and the top, as LeRobot's
    /// policies have it. Not with <see cref="ImageSampling.Averaged"/>.
    /// </summary>
    Pad,

    /// <summary>
    /// All of it, undistorted, in the middle: made square by a border first, as OpenVLA's <c>letterbox</c> does. Not
    /// with <see cref="ImageSampling.Averaged"/>.
    /// </summary>
    Letterbox,

    /// <summary>
    /// All of it, undistorted, in the middle of black: <c>resize_with_pad</c> of TensorFlow and openpi. Only with
    /// <see cref="ImageSampling.Averaged"/>.
    /// </summary>
    Centre,
}

/// <summary>How the pixels of a resized picture are made.</summary>
public enum ImageSampling
{
    /// <summary>Whole blocks are averaged, then bilinear: nothing flickers, and it is fast.</summary>
    Averaged,

    /// <summary>
    /// Bilinear alone, with half-pixel centres: PyTorch's <c>interpolate</c> without <c>antialias</c>, TensorFlow's
    /// resize.
    /// </summary>
    Linear,

    /// <summary>Bicubic with a support that widens where it shrinks: Pillow's <c>BICUBIC</c>, to the byte.</summary>
    Bicubic,
}
