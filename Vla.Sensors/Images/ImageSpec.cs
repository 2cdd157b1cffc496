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
}
