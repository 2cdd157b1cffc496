namespace Vla.Actors.Policies.Staged.Kernels;

/// <summary>A channels-last map [height, width, channels] with a border of zeros, one place wide, around it.</summary>
/// <remarks>
/// The border is what a 3 × 3 convolution takes the outside of a picture for; with it no place is a special case.
/// </remarks>
internal sealed unsafe class FeatureMap(int height, int width, int channels)
{
    private readonly AlignedFloats _values = new((height + 2) * (width + 2) * channels);

    public int Height => height;

    public int Width => width;

    public int Channels => channels;

    /// <summary>Numbers from one row to the next.</summary>
    public int RowLength => (width + 2) * channels;

    /// <summary>
    /// Where the 3 × 3 places around the first one of a row begin: one row up, one column to the left.
    /// </summary>
    public float* Around(int row) => _values.Start + row * RowLength;

    /// <summary>The first place of a row.</summary>
    public float* Row(int row) => Around(row + 1) + channels;

    /// <summary>Fills the map, not its border.</summary>
    /// <param name="picture">[height, width, channels], without gaps.</param>
    public void CopyFrom(float* picture)
    {
        var length = width * channels;
        for (var row = 0; row < height; row++)
            new Span<float>(picture + row * length, length).CopyTo(new Span<float>(Row(row), length));
    }
}
