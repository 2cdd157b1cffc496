namespace Vla.Sensors.Images;

/// <summary>
/// The steps that bring a picture of one size to a policy's shape: a border around it, resizing, cutting, and where in
/// the policy's picture the result stands.
/// </summary>
internal sealed record PicturePlan
{
    /// <summary>The picture as it comes, pixels.</summary>
    public required int Width { get; init; }

    /// <summary>The picture as it comes, pixels.</summary>
    public required int Height { get; init; }

    /// <summary>Pixels that are put at its left and at its right.</summary>
    public int Border { get; init; }

    /// <summary>Pixels that are put above and below it.</summary>
    public int BorderAbove { get; init; }

    public int PaddedWidth => Width + 2 * Border;

    public int PaddedHeight => Height + 2 * BorderAbove;

    public required int ResizedWidth { get; init; }

    public required int ResizedHeight { get; init; }

    /// <summary>Pixels of the resized picture that are cut off at its left.</summary>
    public int CutLeft { get; init; }

    /// <summary>Pixels of the resized picture that are cut off at its top.</summary>
    public int CutAbove { get; init; }

    /// <summary>Where what is left stands in the policy's picture.</summary>
    public required (int Left, int Top, int Width, int Height) Shown { get; init; }

    public static PicturePlan Of(ImageSpec spec, int width, int height) =>
        spec.Fit switch
        {
            ImageFit.Stretch => Stretched(spec, width, height),
            ImageFit.Pad => Padded(spec, width, height),
            ImageFit.Letterbox => Cut(
                spec,
                width,
                height,
                border: (Math.Max(width, height) - width) / 2,
                above: (Math.Max(width, height) - height) / 2
            ),
            _ => Cut(spec, width, height, border: 0, above: 0),
        };

    private static PicturePlan Stretched(ImageSpec spec, int width, int height) =>
        new()
        {
            Width = width,
            Height = height,
            ResizedWidth = spec.Width,
            ResizedHeight = spec.Height,
            Shown = (0, 0, spec.Width, spec.Height),
        };

    // As LeRobot's resize_with_pad.
    private static PicturePlan Padded(ImageSpec spec, int width, int height)
    {
        var ratio = Math.Max(width / (double)spec.Width, height / (double)spec.Height);
        var (columns, rows) = (Math.Max(1, (int)(width / ratio)), Math.Max(1, (int)(height / ratio)));
        return new PicturePlan
        {
            Width = width,
            Height = height,
            ResizedWidth = columns,
            ResizedHeight = rows,
            Shown = (spec.Width - columns, spec.Height - rows, columns, rows),
        };
    }

    // As torchvision's Resize to one number and CenterCrop: the side that is too long is cut on both ends.
    private static PicturePlan Cut(ImageSpec spec, int width, int height, int border, int above)
    {
        var (wide, high) = (width + 2 * border, height + 2 * above);
        var isWide = (long)wide * spec.Height > (long)high * spec.Width;
        var columns = isWide ? Math.Max(spec.Width, (int)((long)spec.Height * wide / high)) : spec.Width;
        var rows = isWide ? spec.Height : Math.Max(spec.Height, (int)((long)spec.Width * high / wide));
        return new PicturePlan
        {
            Width = width,
            Height = height,
            Border = border,
            BorderAbove = above,
            ResizedWidth = columns,
            ResizedHeight = rows,
            // Python's round: a half goes to the even number.
            CutLeft = (int)Math.Round((columns - spec.Width) / 2.0, MidpointRounding.ToEven),
            CutAbove = (int)Math.Round((rows - spec.Height) / 2.0, MidpointRounding.ToEven),
            Shown = (0, 0, spec.Width, spec.Height),
        };
    }
}
